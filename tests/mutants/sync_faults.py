# SPDX-License-Identifier: MIT
"""Faults of what is in sync/."""
from fault import Edit, fault, gtest, stepping

MUTEX = "sync/mutex.cpp"
RW_MUTEX = "sync/rw_mutex.cpp"
SEMAPHORE = "sync/semaphore.cpp"
WAIT_GROUP = "sync/wait_group.cpp"

FAULTS = [
    fault(
        35, "A wait_group releases who waits at the first done(), whatever the count.",
        Edit(WAIT_GROUP, """\
  if (count > 0) return;
  queue_.lock();
  // Acquire: pairs with the release in add() of the others; those who wait are to see what they did.
  if (state_.load(std::memory_order_acquire) != waited) {
""", """\
  if (count > 0 && !warren::mutant(35)) return;
  queue_.lock();
  if (warren::mutant(35)) {
    state_.fetch_and(~waited, std::memory_order_acquire);
    runtime::queue_waiter* early = queue_.take_all();
    queue_.unlock();
    return runtime::wake_all(early);
  }
  if (state_.load(std::memory_order_acquire) != waited) {
"""),
        gtest("sync", "wait_group*"),
        stepping("wait_group")),
    fault(
        36, "A mutex is handed over to a waiter that is not told so.",
        Edit(MUTEX, "      first->answer = handed_over;\n",
             "      if (!warren::mutant(36)) first->answer = handed_over;\n"),
        gtest("sync", "mutex*"),
        stepping("mutex_handed_over"), hang=True),
    fault(
        37, "Of the readers that a writer lets in only one is counted.",
        Edit(RW_MUTEX, "state_.store(length(chain) * reader | flags,",
             "state_.store((warren::mutant(37) ? 1 : length(chain)) * reader | flags,"),
        gtest("sync", "rw_mutex*"),
        stepping("rw_mutex"), hang=True),
    fault(
        38, "A signal that comes after the unlock and before the sleep is lost.",
        Edit("sync/cond.cpp", """\
    stage now = stage::awake;
""", """\
    stage now = stage::awake;
    if (warren::mutant(38)) {
      warren::dawdle();
      w->stage_.store(now, std::memory_order_relaxed);
    }
"""),
        gtest("sync", "cond*"),
        stepping("cond", "cond_two_signals"), hang=True),
    fault(
        68, "Who waits for a wait_group does not look at the count again when it has the lock.",
        Edit(WAIT_GROUP, """\
  queue_.lock();
  std::uint64_t s = state_.load(std::memory_order_acquire);
  while ((s >> count_at) != 0) {
""", """\
  if (warren::mutant(68)) warren::dawdle();
  queue_.lock();
  std::uint64_t s = state_.load(std::memory_order_acquire);
  while ((s >> count_at) != 0 || warren::mutant(68)) {
"""),
        gtest("sync", "wait_group*"),
        stepping("wait_group"), hang=True),
    fault(
        69, "A waiter that was woken takes a mutex and leaves the mark that it is on its way.",
        Edit(MUTEX, "      if (enter(s, (s | locked) & ~mine)) return;\n",
             "      if (enter(s, (s | locked) & ~(warren::mutant(69) ? 0 : mine))) return;\n"),
        gtest("sync", "mutex*"),
        stepping("mutex", "mutex_of_two"), hang=True),
    fault(
        70, "Who goes to sleep for a mutex does not look again whether it is held.",
        Edit(MUTEX, "    if (w.since == 0) w.since = runtime::now_ns();\n",
             "    if (w.since == 0) w.since = runtime::now_ns();\n    if (warren::mutant(70)) warren::dawdle();\n"),
        Edit(MUTEX, """\
    if ((s & locked) == 0) {
      queue_.unlock();
      continue;
    }
""", """\
    if ((s & locked) == 0 && !warren::mutant(70)) {
      queue_.unlock();
      continue;
    }
"""),
        gtest("sync", "mutex*"),
        stepping("mutex", "mutex_of_two"), hang=True),
    fault(
        71, "The last reader leaves and makes no writer the holder.",
        Edit("sync/rw_mutex.hpp", "    if (!nobody_waits_for(before)) [[unlikely]] last_reader_left(before);\n",
             "    if (!nobody_waits_for(before) && !(warren::mutant(71) && before >= reader)) [[unlikely]] "
             "last_reader_left(before);\n"),
        gtest("sync", "rw_mutex*"),
        stepping("rw_mutex", "rw_mutex_of_two"), hang=True),
    fault(
        72, "New readers come in while a writer waits.",
        Edit("sync/rw_mutex.hpp", "    while ((s & no_reader) == 0) {\n",
             "    while ((s & (warren::mutant(72) ? writing : no_reader)) == 0) {\n"),
        gtest("sync", "rw_mutex*"),
        stepping("rw_mutex", "rw_mutex_of_two"), hang=True),
    fault(
        73, "Those who wait for a once are forgotten when its function has returned.",
        Edit("sync/once.cpp", "  if (state_.exchange(done, std::memory_order_release) == running) return;\n",
             "  if (state_.exchange(done, std::memory_order_release) == running || warren::mutant(73)) return;\n"),
        gtest("sync", "once*"),
        stepping("once"), hang=True),
    fault(
        74, "Tokens that come for somebody who has given up are lost.",
        Edit(SEMAPHORE, "    if (served) held_ -= n;\n", "    if (served && !warren::mutant(74)) held_ -= n;\n"),
        gtest("sync", "semaphore*"),
        stepping("semaphore_canceled"), hang=True),
    fault(
        75, "Who comes later takes the tokens that those in line wait for.",
        Edit(SEMAPHORE, "  if (first_ != nullptr || size_ - held_ < n) return false;\n",
             "  if ((first_ != nullptr && !warren::mutant(75)) || size_ - held_ < n) return false;\n"),
        gtest("sync", "semaphore*"), hang=True),
]
