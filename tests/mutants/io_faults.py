# SPDX-License-Identifier: MIT
"""Faults of what waits for the kernel: the poller, descriptors, and who uses a file."""
from fault import Edit, fault, gtest, stepping

DESCRIPTOR = "runtime/descriptor.cpp"
TURN = "runtime/turn.cpp"

FAULTS = [
    fault(
        6, "Who waits for a file is woken before it is taken out of the queue.",
        Edit(TURN, "  queue_waiter* w = l.queue.pop_front();\n",
             "  queue_waiter* w = warren::mutant(6) ? l.queue.front() : l.queue.pop_front();\n"),
        Edit(TURN, "  l.queue.unlock();\n  if (w != nullptr) wake(w);\n", """\
  if (warren::mutant(6) && w != nullptr) {
    wake(w);
    l.queue.remove(w);
    w = nullptr;
  }
  l.queue.unlock();
  if (w != nullptr) wake(w);
"""),
        gtest("runtime", "descriptor_run.readers_take_turns/*:descriptor_run.close_*", times=3),
        stepping("turn"), hang=True),
    fault(
        24, "A look into the poller that does not wait silences the bell of whoever is woken there.",
        Edit("runtime/netpoll.cpp", "void look(batch& b) noexcept { take_events(b, 0); }",
             "void look(batch& b) noexcept {\n  if (take_events(b, 0) && warren::mutant(24)) sys::silence_bell(bell);\n}"),
        gtest("runtime", "descriptor_run.that_is_waited_for*"), hang=True),
    fault(
        25, "The record of a closed file is used again under the same number.",
        Edit(DESCRIPTOR, "(state_.load(std::memory_order_relaxed) >> generation_at) + 1;",
             "(state_.load(std::memory_order_relaxed) >> generation_at) + (warren::mutant(25) ? 0 : 1);"),
        gtest("runtime", "descriptor.an_event_*")),
    fault(
        26, "A file is closed while others are still reading and writing.",
        Edit(DESCRIPTOR, "  if (!use_.alone()) sys::disconnect(file_);\n",
             "  if (warren::mutant(26) && !use_.alone()) sys::close_file(file_);\n"
             "  else if (!use_.alone()) sys::disconnect(file_);\n"),
        gtest("runtime", "descriptor_run.close_*"), gtest("net", "close_run.*"),
        stepping("close_against_read"), hang=True),
    fault(
        27, "A timer that was armed for an earlier deadline ends the wait, though the deadline was moved.",
        Edit(DESCRIPTOR, "    if (t->deadline > now) return arm(*t, t->deadline);\n",
             "    if (!warren::mutant(27) && t->deadline > now) return arm(*t, t->deadline);\n"),
        gtest("runtime", "descriptor_run.a_deadline_moved_on*")),
    fault(
        28, "Who begins to wait for a file forgets the event that has come since it looked.",
        Edit(DESCRIPTOR, """\
  if (take_event(side)) return told_to_stop(side);
  std::uintptr_t old = nobody;
  if (!word.compare_exchange_strong(old, arriving, std::memory_order_relaxed)) return told_to_stop(side);
""", """\
  if (warren::mutant(28)) warren::dawdle(20);
  if (!warren::mutant(28) && take_event(side)) return told_to_stop(side);
  std::uintptr_t old = nobody;
  if (warren::mutant(28)) word.store(arriving, std::memory_order_relaxed);
  else if (!word.compare_exchange_strong(old, arriving, std::memory_order_relaxed)) return told_to_stop(side);
"""),
        gtest("runtime", "descriptor_run.*"), hang=True),
    fault(
        32, "The error of a call is asked of the thread after the goroutine has given way.",
        Edit(DESCRIPTOR, "  switch_point();\n  return {n, s, n < 0 ? static_cast<int>(-n) : 0};\n",
             "  switch_point();\n  return {n, s, n < 0 ? (warren::mutant(32) ? errno : static_cast<int>(-n)) : 0};\n"),
        gtest("runtime", "descriptor.an_error_*")),
    fault(
        58, "Who is done with a file lets none of those go on who wait for their turn.",
        Edit(TURN, "  if (waiters(old, side) != 0) permit(side);\n  return last_of_closed(now);\n",
             "  if (waiters(old, side) != 0 && !warren::mutant(58)) permit(side);\n  return last_of_closed(now);\n"),
        gtest("runtime", "descriptor_run.readers_take_turns/*"),
        stepping("turn"), hang=True),
    fault(
        59, "Who begins to wait for a file does not look again whether it was closed meanwhile.",
        Edit(DESCRIPTOR, "  if (told_to_stop(side) == io_status::done) {\n    begin_event_wait();\n",
             "  if (warren::mutant(59) || told_to_stop(side) == io_status::done) {\n    begin_event_wait();\n"),
        stepping("deadline_against_read"),
        gtest("runtime", "descriptor_run.close_*:descriptor_run.what_came*"), gtest("net", "close_run.*:deadline_run.*"), hang=True),
    fault(
        60, "Who has left its stack to wait for a file does not look whether the event has come.",
        Edit(DESCRIPTOR, """\
  const bool waits = word->compare_exchange_strong(expected, reinterpret_cast<std::uintptr_t>(g),
                                                   std::memory_order_release, std::memory_order_relaxed);
""", """\
  if (warren::mutant(60)) {
    warren::dawdle(20);
    word->store(expected, std::memory_order_relaxed);
  }
  const bool waits = word->compare_exchange_strong(expected, reinterpret_cast<std::uintptr_t>(g),
                                                   std::memory_order_release, std::memory_order_relaxed);
"""),
        gtest("runtime", "descriptor_run.*"), gtest("net", "conn_run.*:close_run.*"), hang=True),
    fault(
        61, "After a wait that a deadline ended a file is still taken for empty.",
        Edit(DESCRIPTOR, "    if (s != io_status::done) drained_ = false;\n",
             "    if (s != io_status::done && !warren::mutant(61)) drained_ = false;\n"),
        gtest("runtime", "descriptor_run.what_came*"), hang=True),
]
