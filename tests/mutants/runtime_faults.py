# SPDX-License-Identifier: MIT
"""Faults of the switch, of stacks, of what belongs to a thread, and of waiting."""
from fault import Edit, fault, gtest, stepping

PARK = "runtime/park.cpp"

FAULTS = [
    fault(
        29, "Exceptions in flight stay with the thread when a goroutine leaves it.",
        Edit("runtime/exception_state.hpp", "  out = *here;\n  *here = in;\n",
             "  if (warren::mutant(29)) return;\n  out = *here;\n  *here = in;\n"),
        gtest("runtime", "migration_run.in_*")),
    fault(
        30, "A goroutine that goes on does not get its rounding mode back.",
        Edit("runtime/switch.hpp", """\
WARREN_UNSEEN_BY_SANITIZERS inline transfer jump(void* context, goroutine* left) noexcept {
  return boost::context::detail::jump_fcontext(context, left);
}
""", """\
void reset_floating_point() noexcept;
WARREN_UNSEEN_BY_SANITIZERS inline transfer jump(void* context, goroutine* left) noexcept {
  const transfer back = boost::context::detail::jump_fcontext(context, left);
  if (warren::mutant(30)) reset_floating_point();
  return back;
}
"""),
        gtest("runtime", "migration_run.keeps_*")),
    fault(
        31, "A goroutine that ends takes the thread that it began on for the one that it is on.",
        Edit(PARK, """\
    run_body(this_worker()->current);
    worker* w = this_worker();
    goroutine* g = w->current;
""", """\
    worker* const first = this_worker();
    run_body(first->current);
    worker* w = warren::mutant(31) ? first : this_worker();
    goroutine* g = w->current;
"""),
        gtest("runtime", "migration_run.leaves_*:wait_queue_run.*"), hang=True),
    fault(
        33, "The guard of a stack stands at its upper end.",
        Edit("runtime/stack_linux.cpp", "if (!make_guard(base)) s->canaries |= bit;",
             "if (!make_guard(warren::mutant(33) ? base + each - stack::guard_bytes : base)) s->canaries |= bit;"),
        gtest("runtime", "stack.*:guard.*")),
    fault(
        45, "A goroutine begins with the floating-point environment of the one before it.",
        Edit("runtime/switch.cpp", "void reset_floating_point() noexcept {\n",
             "void reset_floating_point() noexcept {\n  if (warren::mutant(45)) return;\n"),
        gtest("runtime", "migration_run.begins_*")),
    fault(
        46, "A goroutine that ends gives its stack back while it still runs on it.",
        Edit(PARK, "    end(w, mine);\n", "    end(w, mine);\n    if (warren::mutant(46)) stacks::give(mine);\n"),
        gtest("runtime", "go_run.*:wait_queue_run.*"),
        stepping("go_and_wait")),
    fault(
        50, "Who waits in a queue releases its lock before it has left its stack.",
        Edit("runtime/wait_queue.cpp", "  queue_ref(static_cast<queue_waiter*>(waiter)->queue).load(std::memory_order_relaxed)"
             "->unlock();\n",
             "  if (warren::mutant(50)) return true;\n"
             "  queue_ref(static_cast<queue_waiter*>(waiter)->queue).load(std::memory_order_relaxed)->unlock();\n"),
        Edit("runtime/wait_queue.cpp", "  count_waiters(t, 1);\n  park(", "  count_waiters(t, 1);\n"
             "  if (warren::mutant(50)) unlock();\n  park("),
        gtest("runtime", "wait_queue_run.*"), gtest("sync", "mutex*:cond*"),
        stepping("wait_queue"), hang=True),
    fault(
        52, "A thread that waits forgets that it was woken before it fell asleep.",
        Edit(PARK, "    while (self->wake_word.load(std::memory_order_acquire) == 0)",
             "    if (warren::mutant(52)) {\n      warren::dawdle();\n"
             "      self->wake_word.store(0, std::memory_order_relaxed);\n    }\n"
             "    while (self->wake_word.load(std::memory_order_acquire) == 0)"),
        gtest("runtime", "foreign_threads*"),
        stepping("wait_queue", "mutex"), hang=True),
    fault(
        55, "At the end of a run those who wait for ever stay in the queues where they wait.",
        Edit("runtime/run.cpp", "if (parked && !was_left && kind != nullptr &&",
             "if (!warren::mutant(55) && parked && !was_left && kind != nullptr &&"),
        gtest("runtime", "*leftover*"), hang=True),
    fault(
        62, "Nobody looks whether a stack without a guard has overflowed.",
        Edit(PARK, "  if (g->stack_at->overflowed(__builtin_frame_address(0))) [[unlikely]] report_overflow(g);\n  g->kind",
             "  if (!warren::mutant(62) && g->stack_at->overflowed(__builtin_frame_address(0))) [[unlikely]] "
             "report_overflow(g);\n  g->kind"),
        Edit(PARK, "    if (mine->overflowed(", "    if (!warren::mutant(62) && mine->overflowed("),
        gtest("runtime", "guard.*")),
]
