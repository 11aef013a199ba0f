# SPDX-License-Identifier: MIT
"""Faults of who runs what: queues, search, sleep and wake-up."""
from fault import Edit, fault, gtest, stepping

SCHEDULER = "runtime/scheduler.cpp"
PLACES = "runtime/scheduler_places.cpp"
TIMERS = "runtime/scheduler_timers.cpp"
QUEUE = "runtime/run_queue.hpp"

FAULTS = [
    fault(
        1, "Who adds work does not fence before it looks for sleepers.",
        Edit(SCHEDULER, """\
void scheduler::wake_for_added(worker* w, bool quietly) noexcept {
  // StoreLoad, the adder's half; pairs with the fence in sleep_idle() and end_search().
  std::atomic_thread_fence(std::memory_order_seq_cst);
""", """\
void scheduler::wake_for_added(worker* w, bool quietly) noexcept {
  if (!warren::mutant(1)) std::atomic_thread_fence(std::memory_order_seq_cst);
"""),
        Edit(SCHEDULER, """\
void scheduler::wake_for_work() noexcept {
  // StoreLoad, the adder's half; pairs with the fence in sleep_idle() and end_search().
  std::atomic_thread_fence(std::memory_order_seq_cst);
""", """\
void scheduler::wake_for_work() noexcept {
  if (!warren::mutant(1)) std::atomic_thread_fence(std::memory_order_seq_cst);
"""),
        gtest("runtime", "wake_run.at_the_moment*", times=3),
        stepping("work_from_outside", "no_worker_idles"), hang=True),
    fault(
        2, "Who goes to sleep does not look for work again.",
        # Together with 3, which is in the same place.
        Edit(PLACES, """\
  enter_idle(w);
  // StoreLoad, the sleeper's half; pairs with the fences in wake_for_added(), wake_for_work() and arm().
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if ((work_visible() || all_stand_still(0)) && take_place(w)) {
""", """\
  const bool seen_before = warren::mutant(3) && work_visible();
  enter_idle(w);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const bool seen = warren::mutant(2) ? false : warren::mutant(3) ? seen_before : work_visible();
  if ((seen || all_stand_still(0)) && take_place(w)) {
"""),
        gtest("runtime", "wake_run.at_the_moment*"), hang=True),
    fault(
        3, "Who goes to sleep looks for work before it has given its place back, not after.",
        gtest("runtime", "wake_run.at_the_moment*"), hang=True),
    fault(
        4, "Who has found work and stops searching wakes no other, whatever it was told of meanwhile.",
        Edit(SCHEDULER, "if (present_.load(std::memory_order_relaxed) < max_procs() && work_visible()) wake_for_work();",
             "if (!warren::mutant(4) && present_.load(std::memory_order_relaxed) < max_procs() && work_visible()) "
             "wake_for_work();"),
        gtest("runtime", "wake_run.of_two_at_once/2"),
        stepping("no_worker_idles", "many"), hang=True),
    fault(
        15, "A push into the run queue moves the tail before it has filled the slot.",
        Edit(QUEUE, "    slots_[tail % room].store(g, std::memory_order_relaxed);\n",
             "    if (warren::mutant(15)) tail_.store(tail + 1, std::memory_order_release);\n"
             "    slots_[tail % room].store(g, std::memory_order_relaxed);\n"),
        gtest("runtime", "run_queue.hands*"),
        stepping("run_queue")),
    fault(
        16, "A thief reads the slots of a run queue after it has moved the head over them.",
        Edit(QUEUE, """\
      if (!head_.compare_exchange_strong(head, head + n, std::memory_order_acq_rel, std::memory_order_relaxed)) continue;
""", """\
      if (!head_.compare_exchange_strong(head, head + n, std::memory_order_acq_rel, std::memory_order_relaxed)) continue;
      for (std::uint32_t i = 0; warren::mutant(16) && i < n; ++i) {
        taken[i] = slots_[(head + i) % room].load(std::memory_order_relaxed);
      }
"""),
        gtest("runtime", "run_queue.hands*", times=3),
        stepping("run_queue")),
    fault(
        17, "Of the half that leaves a full run queue the first goroutine is lost.",
        Edit(SCHEDULER, "  overflow.push_back(g);\n  inject_.append(std::move(overflow));\n",
             "  if (warren::mutant(17)) overflow.pop_front();\n"
             "  overflow.push_back(g);\n  inject_.append(std::move(overflow));\n"),
        gtest("runtime", "wake_run.of_more_than_a_run_queue_holds/*")),
    fault(
        18, "Nobody takes what lies in run_next from a worker that does not move on.",
        Edit(SCHEDULER, "if (loot.empty() && (late || placeless) && victim->run_next.load(",
             "if (!warren::mutant(18) && loot.empty() && (late || placeless) && victim->run_next.load("),
        gtest("runtime", "fairness.what_a_busy*")),
    fault(
        19, "A busy worker never looks into the queue that all share.",
        Edit(SCHEDULER, "if (new_look || (tick & 63) == 0) {", "if (!warren::mutant(19) && (new_look || (tick & 63) == 0)) {"),
        gtest("runtime", "fairness.what_a_thread*")),
    fault(
        23, "Whoever arms a timer earlier than the one that is slept for wakes nobody.",
        Edit(TIMERS, "  if (when >= wake_at) return;\n", "  if (when >= wake_at || warren::mutant(23)) return;\n"),
        gtest("runtime", "wake_run.by_*timer*"),
        stepping("sleepers"), hang=True),
    fault(
        34, "A goroutine that gives way stands in a queue before it has left its stack.",
        Edit("runtime/park.cpp", """\
  g->kind = &giving_way;
  g->waiting_on = nullptr;
  switch_to(w, g, next);
""", """\
  g->kind = &giving_way;
  g->waiting_on = nullptr;
  if (warren::mutant(34)) {
    static constexpr park_kind in_queue_already{wait_reason::gosched, nullptr, nullptr};
    g->kind = &in_queue_already;
    sched.requeue(w, g);
    warren::dawdle();
  }
  switch_to(w, g, next);
"""),
        gtest("runtime", "blocking_run.comes_back*:gosched_run.*")),
    fault(
        47, "A spinlock is taken by a load and a store.",
        Edit("runtime/spinlock.hpp", """\
  void lock() noexcept {
""", """\
  void lock() noexcept {
    if (warren::mutant(47)) {
      if (word_.load(std::memory_order_acquire) != 0) return lock_contended();
      return word_.store(1, std::memory_order_relaxed);
    }
"""),
        gtest("runtime", "inject_queue.hands*:fresh_list.hands*"),
        stepping("spinlock"), hang=True),
    fault(
        48, "The owner of a list of fresh goroutines takes the newest without the list's lock.",
        Edit("runtime/fresh_list.hpp", """\
  goroutine* pop_newest() noexcept {
    if (empty()) return nullptr;
    spin_guard hold(lock_);
    if (empty()) return nullptr;
    goroutine* g = at(size() - 1);
""", """\
  goroutine* pop_newest() noexcept {
    if (empty()) return nullptr;
    std::optional<spin_guard> hold;
    if (!warren::mutant(48)) hold.emplace(lock_);
    if (empty()) return nullptr;
    goroutine* g = at(size() - 1);
    if (warren::mutant(48)) warren::dawdle();
"""),
        gtest("runtime", "fresh_list.hands*", times=3),
        stepping("fresh_list")),
    fault(
        49, "Workers take from the queue that all share without its lock.",
        Edit("runtime/inject_queue.hpp", """\
    if (empty()) return;
    spin_guard hold(lock_);
""", """\
    if (empty()) return;
    std::optional<spin_guard> hold;
    if (!warren::mutant(49)) hold.emplace(lock_);
"""),
        gtest("runtime", "inject_queue.hands*", times=3),
        stepping("inject_queue")),
    fault(
        51, "The timekeeper does not look whether it was rung for before it sleeps in the poller.",
        Edit(PLACES, "const bool rung = w->wake_word.load(std::memory_order_relaxed) != 0;",
             "const bool rung = !warren::mutant(51) && w->wake_word.load(std::memory_order_relaxed) != 0;"),
        stepping("read_beside_work"), gtest("runtime", "descriptor.open*:wake_run.at_the_moment*"), hang=True),
    fault(
        56, "Who comes back from a blocking call takes a place although all are taken.",
        Edit(PLACES, """\
  w->attention.fetch_and(~attention::away, std::memory_order_relaxed);
  if (present_.load(std::memory_order_relaxed) >= max_procs()) {
""", """\
  w->attention.fetch_and(~attention::away, std::memory_order_relaxed);
  if (!warren::mutant(56) && present_.load(std::memory_order_relaxed) >= max_procs()) {
"""),
        gtest("runtime", "blocking_run.*:monitor_run.*")),
    fault(
        57, "A thread that waits for its own goroutine wipes the ring out after it has looked, not before.",
        Edit(PLACES, """\
    w->wake_word.exchange(0, std::memory_order_seq_cst);
    // Acquire: pairs with the release in locked_ready().
    if (stopped(w) || w->handed.load(std::memory_order_acquire) != nullptr) return;
""", """\
    if (!warren::mutant(57)) w->wake_word.exchange(0, std::memory_order_seq_cst);
    if (stopped(w) || w->handed.load(std::memory_order_acquire) != nullptr) return;
    if (warren::mutant(57)) {
      warren::dawdle();
      w->wake_word.exchange(0, std::memory_order_seq_cst);
    }
"""),
        gtest("runtime", "wake_run.of_one_that_has_its_thread*"), hang=True),
    fault(
        88, "Who adds work from outside looks for sleepers before it has put the work into the queue.",
        Edit(SCHEDULER, """\
  inject_.push(g);
  wake_for_work();
}
""", """\
  const bool all_awake =
      warren::mutant(88) && (present_.load(std::memory_order_relaxed) >= max_procs() || somebody_searches());
  inject_.push(g);
  if (!all_awake) wake_for_work();
}
"""),
        gtest("runtime", "wake_run.at_the_moment*"), stepping("work_from_outside"), hang=True),
    fault(
        101, "A sleeper that wakes by itself takes a place as given before its giver has made it the searcher.",
        Edit(PLACES, "  if (word == wake_up::with_place || stopped(w)) return true;\n",
             "  if (word == wake_up::with_place || stopped(w) || (warren::mutant(101) && has_place(w))) return true;\n"),
        stepping("two_from_outside")),
]
