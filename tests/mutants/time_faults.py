# SPDX-License-Identifier: MIT
"""Faults of timers."""
from fault import Edit, fault, gtest, stepping

CHANNEL = "time/timer_channel.cpp"
HEAP = "runtime/timer_heap.cpp"

FAULTS = [
    fault(
        20, "A timer is stopped without its lock.",
        Edit(CHANNEL, "bool timer_channel::stop() noexcept {\n  const runtime::spin_guard hold(lock);\n",
             "bool timer_channel::stop() noexcept {\n  std::optional<runtime::spin_guard> hold;\n"
             "  if (!warren::mutant(20)) hold.emplace(lock);\n"),
        Edit(CHANNEL, "  when_ = at;\n  period_ = period;\n  clear_ring();\n",
             "  if (warren::mutant(20)) warren::dawdle(20);\n  when_ = at;\n  period_ = period;\n"
             "  if (!warren::mutant(21)) clear_ring();\n"),
        gtest("time", "timer_stress_run.StopBeside*", times=3), hang=True),
    fault(
        21, "What a timer sent before it was stopped or set anew can still be received.",
        # Its place is in that of 20.
        gtest("time", "timer_channel_run.*:timer_stress_run.NothingStale*")),
    fault(
        22, "When the first timer goes, two subtrees are joined in the wrong order.",
        Edit(HEAP, "    timer_node* pair = meld(a, b);\n",
             "    timer_node* pair = b != nullptr && warren::mutant(22) ? meld_wrong(a, b) : meld(a, b);\n"),
        Edit(HEAP, "/// A list of siblings becomes one root.\n", """\
timer_node* meld_wrong(timer_node* a, timer_node* b) noexcept {
  b->sibling = a->child;
  if (b->sibling != nullptr) b->sibling->back = b;
  b->back = a;
  a->child = b;
  return a;
}

/// A list of siblings becomes one root.
"""),
        gtest("runtime", "timer_heap.agrees*")),
    fault(
        53, "A timer is removed from a heap in which it does not stand any more.",
        Edit(HEAP, "  if (n.heap.load(std::memory_order_relaxed) != this) return false;\n",
             "  if (!warren::mutant(53) && n.heap.load(std::memory_order_relaxed) != this) return false;\n"),
        gtest("runtime", "timer_heap.ends*:timers_run.end*"),
        stepping("stop_against_fire", "timer_stop"), hang=True),
    fault(
        54, "A timer that is due seems to be in no heap before its owner is kept from going.",
        Edit(HEAP, "    if (node->kind->pin == nullptr ||",
             "    if (warren::mutant(54)) {\n      node->heap.store(nullptr, std::memory_order_release);\n"
             "      warren::dawdle();\n    }\n"
             "    if (node->kind->pin == nullptr ||"),
        gtest("runtime", "timer_heap.leaves*"), gtest("time", "timer_stress_run.DroppedWhileFiring/*"),
        stepping("stop_against_fire")),
    fault(
        76, "A timer that was set to a later time while it fired sends at the old one.",
        Edit(CHANNEL, "  if (when_ == idle || when_ > now) return;\n",
             "  if (when_ == idle || (when_ > now && !warren::mutant(76))) return;\n"),
        gtest("time", "timer_run.*:timer_channel_run.*")),
    fault(
        77, "The function of a timer that stop() says was stopped runs.",
        Edit("time/func_alarm.cpp", "  const bool pending = when_ != idle;\n  when_ = idle;\n  const bool was_armed",
             "  const bool pending = when_ != idle;\n  if (!warren::mutant(77)) when_ = idle;\n  const bool was_armed"),
        gtest("time", "timer_stress_run.*:after_func_run.*:timer_run.*func*"),
        stepping("timer_stop")),
]
