# SPDX-License-Identifier: MIT
"""Faults that somebody planted who had not seen the tests; each with the schedule in which it bites."""
from fault import Edit, fault, stepping

FAULTS = [
    # The victim's ring is (nearly) full, a thief moves head_ over half of it, and the owner pushes new goroutines round the
    # ring into those slots before the thief has read them: the old goroutines are lost and the new ones run twice.
    fault(
        90, "run_queue::steal() reads the stolen slots only after the compare-exchange that gives them up to the owner.",
        Edit("runtime/run_queue.hpp", "      for (std::uint32_t i = 0; i < n; ++i) to.push_back(taken[i]);\n", """\
      for (std::uint32_t i = 0; i < n; ++i) {
        to.push_back(warren::mutant(90) ? slots_[(head + i) % room].load(std::memory_order_relaxed) : taken[i]);
      }
"""),
        stepping("run_queue")),
    # W1 sleeps in the poller and is taken out of the idle list with a place; before it has left the poller W2 goes idle,
    # becomes the timekeeper, finds in_poller_ taken and sleeps on its futex; W1 leaves, works, and goes idle as a plain
    # sleeper: nobody is in the poller though has_timekeeper() is true, and events of the network are never heard.
    fault(
        91, "A worker that leaves the poller with a place does not ring the timekeeper that found the poller occupied by it.",
        Edit("runtime/scheduler_places.cpp", "  if (!has_timekeeper()) return;\n", """\
  // Who has a place asks the network itself before it sleeps.
  if (!has_timekeeper() || (warren::mutant(91) && has_place(w))) return;
"""),
        stepping("read_beside_work")),
    # set_deadline() sees the file open, close() then marks it and takes the deadlines back, and set_deadline() arms the
    # timer after that: it returns true for a closed file, and the record goes back to the pool with an armed deadline that
    # later times out the operations of its next owner.
    fault(
        92, "descriptor::set_deadline() looks whether the file is closing before it takes the lock, not again under it.",
        Edit("runtime/descriptor.cpp", """\
  {
    spin_guard hold(lock_);
    // Here, not before: close() takes the deadlines back under the lock, and the record may soon be another's.
    if ((state_.load(std::memory_order_relaxed) & closing) != 0) return false;
""", """\
  if (warren::mutant(92) && (state_.load(std::memory_order_relaxed) & closing) != 0) return false;
  {
    spin_guard hold(lock_);
    // Here, not before: close() takes the deadlines back under the lock, and the record may soon be another's.
    if (!warren::mutant(92) && (state_.load(std::memory_order_relaxed) & closing) != 0) return false;
"""),
        stepping("deadline_against_close")),
    # A second operation on the side has counted itself as a waiter in the word but has not yet queued; the first gives the
    # turn back (or the file is closed) and passes the permit into an empty queue: the waiter, no longer counted in the
    # word, sleeps for ever, even over close().
    fault(
        93, "turn::permit() does not remember a permit that finds nobody in the queue yet.",
        Edit("runtime/turn.cpp", "  if (w == nullptr) ++l.permits;\n", "  if (w == nullptr && !warren::mutant(93)) ++l.permits;\n"),
        stepping("turn")),
    # Two goroutines on two processors each send into one buffered channel and at once try to receive from the other's, both
    # counts being still in the store buffers: both tries (or selects of one case with otherwise) say empty.
    fault(
        94, "The look of a try is repeated without the fence that it owes.",
        Edit("channels/core.cpp", """\
  runtime::current_thread()->fence_owed = false;
  full_fence();
""", """\
  runtime::current_thread()->fence_owed = false;
  if (!warren::mutant(94)) full_fence();
"""),
        stepping("tries_see_each_other")),
    # The case chosen in step 2 meets only a waiter of another parked select, which is claimed at a third channel between
    # the look and the claim, while another case of ours is ready: we take otherwise, or park beside a ready channel for
    # ever (step 2 is reached at once when a timer's channel stands among the cases).
    fault(
        95, "Under all locks, a select whose chosen case was lost to another claim does not look at the other cases again.",
        Edit("channels/select_any.cpp", "      if (!go_ahead(cases_[i])) continue;\n", """\
      if (!go_ahead(cases_[i])) {
        if (warren::mutant(95)) break;  // it is not ready any more
        continue;
      }
"""),
        stepping("a_lost_case_leaves_the_others")),
    # broadcast() meets a waiter that has unlocked but not yet parked: set to woken, it returns at once and reuses its frame
    # (waits again at the same address, say, with next_ null) before the link is read: the rest of the chain, already out of
    # the queue, is never woken, or a wild pointer is followed.
    fault(
        96, "cond::wake_all() reads the link to the next waiter after it has woken the one that holds it.",
        Edit("sync/cond.cpp", """\
    next = w->next_;
    runtime::goroutine* who = w->who_;
    if (waiter::parking::wake(w)) woken.push_back(who);
""", """\
    if (!warren::mutant(96)) next = w->next_;
    runtime::goroutine* who = w->who_;
    if (waiter::parking::wake(w)) woken.push_back(who);
    if (warren::mutant(96)) next = w->next_;
"""),
        stepping("cond_rounds")),
    # The holding writer's unlock() or the last reader's runlock() takes its lock-free path between the writer's look (held)
    # and its fetch_or: writers_queued stands in a free word that nobody is about to hand over, and all sleep for ever.
    fault(
        97, "A writer that goes to sleep sets writers_queued by a blind fetch_or instead of a compare-exchange on the state it saw.",
        Edit("sync/rw_mutex.cpp", """\
    while (!writer_may_enter(s) &&
           !state_.compare_exchange_weak(s, (s | writers_queued) & ~mine, std::memory_order_relaxed)) {
    }
""", """\
    if (warren::mutant(97) && mine == 0) {
      if (!writer_may_enter(s)) state_.fetch_or(writers_queued, std::memory_order_relaxed);
    } else {
      while (!writer_may_enter(s) &&
             !state_.compare_exchange_weak(s, (s | writers_queued) & ~mine, std::memory_order_relaxed)) {
      }
    }
"""),
        stepping("rw_mutex")),
    # A second caller sleeps (waited), a third reads `waited`; before it has the queue's lock finish() sets done and takes
    # everybody out; the third then queues and sleeps for ever.
    fault(
        98, "once::begin() does not look at the state again under the lock when it was `waited` before.",
        Edit("sync/once.cpp", """\
  s = state_.load(std::memory_order_acquire);
  while (s != done) {
    if (state_.compare_exchange_weak(s, waited, std::memory_order_relaxed, std::memory_order_acquire)) {
""", """\
  if (!warren::mutant(98) || s != waited) s = state_.load(std::memory_order_acquire);
  while (s != done) {
    if ((warren::mutant(98) && s == waited) ||
        state_.compare_exchange_weak(s, waited, std::memory_order_relaxed, std::memory_order_acquire)) {
"""),
        stepping("once")),
    # A second cancel of the same node finds it closed but draining_ still false, so it does not wait for the walk, and
    # returns while the contexts below are still open.
    fault(
        99, "cancel_node::claim() closes the done channel before it says that a walk down the children is under way.",
        Edit("context/cancel_node.cpp", """\
  if (children_ != nullptr) {
    draining_.store(true, std::memory_order_relaxed);
    walking_.lock();
  }
  if (what == kind::deadline) static_cast<deadline_node*>(this)->disarm();
  close_collecting(woken);
""", """\
  if (warren::mutant(99)) close_collecting(woken);
  if (children_ != nullptr) {
    draining_.store(true, std::memory_order_relaxed);
    walking_.lock();
  }
  if (what == kind::deadline) static_cast<deadline_node*>(this)->disarm();
  if (!warren::mutant(99)) close_collecting(woken);
"""),
        stepping("cancel_reaches_all_below")),
    # reset() comes when the due node has been taken out of the heap but fire() has not yet had the lock: when_ is not idle,
    # the node's reference belongs to the firing, and it is armed again without one; the late firing drops it, so that the
    # alarm is freed while a handle, or the heap, still points to it.
    fault(
        100, "func_alarm::reset() decides by when_, not by what disarm() says, whether the armed node needs a new reference.",
        Edit("time/func_alarm.cpp", "  if (!runtime::disarm(*this)) retain();\n", """\
  const bool was_armed = runtime::disarm(*this);
  if (warren::mutant(100) ? !pending : !was_armed) retain();
"""),
        stepping("timer_reset")),
]
