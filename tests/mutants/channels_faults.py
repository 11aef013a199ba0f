# SPDX-License-Identifier: MIT
"""Faults of channels and of select."""
from fault import Edit, fault, gtest, stepping

CORE = "channels/core.cpp"
SELECT = "channels/select_any.cpp"

FAULTS = [
    fault(
        5, "Who waits at a channel releases its lock before it has left its stack.",
        Edit(CORE, "  static_cast<channel_waiter*>(waiting_on)->channel->lock.unlock();\n",
             "  if (!warren::mutant(5)) static_cast<channel_waiter*>(waiting_on)->channel->lock.unlock();\n"),
        Edit(CORE, "  w.channel->enqueue(&w);\n  runtime::park(kind, &w);\n",
             "  if (warren::mutant(12)) warren::dawdle();\n  w.channel->enqueue(&w);\n"
             "  if (warren::mutant(5)) {\n    w.channel->lock.unlock();\n    warren::dawdle();\n  }\n"
             "  runtime::park(kind, &w);\n"),
        gtest("channels", "stress_run.*:go_channel_run.*"),
        stepping("unbuffered", "buffered_one"), hang=True),
    fault(
        7, "Two who come for a waiting select both take it.",
        # Together with 63, which is in the same place.
        Edit(CORE, """\
  std::int32_t nobody = select_claim::unclaimed;
  return w->claim->winner""", """\
  std::int32_t nobody = select_claim::unclaimed;
  if (warren::mutant(7)) {
    w->claim->winner.store(w->position, std::memory_order_relaxed);
    return true;
  }
  if (warren::mutant(63)) {
    if (w->claim->winner.load(std::memory_order_relaxed) != nobody) return false;
    w->claim->winner.store(w->position, std::memory_order_relaxed);
    return true;
  }
  return w->claim->winner"""),
        gtest("channels", "go_select_run.*:stress_run.*"),
        stepping("select_is_won_once", "select_of_two"), hang=True),
    fault(
        8, "A select that has been decided stays in the queues of the other channels.",
        Edit(SELECT, "      if (w.position != winner) take_out(w);\n",
             "      if (w.position != winner && !warren::mutant(8)) take_out(w);\n"),
        gtest("channels", "select_run.*"),
        stepping("select_of_two", "select_is_won_once"), hang=True),
    fault(
        9, "Selects lock their channels in the order in which the cases stand.",
        Edit(SELECT, "for (; to != 0 && std::less<>()(moving, cores_[to - 1]); --to)",
             "for (; !warren::mutant(9) && to != 0 && std::less<>()(moving, cores_[to - 1]); --to)"),
        gtest("channels", "go_select_run.*:select_run.*"),
        stepping("select_meets_select"), hang=True),
    fault(
        10, "A select that was woken looks without the lock whether it still stands in a queue.",
        Edit(SELECT, "void take_out(channel_waiter& w) noexcept {\n",
             "void take_out(channel_waiter& w) noexcept {\n  if (warren::mutant(10) && !w.queued) return;\n"),
        Edit(CORE, "    if (win(w)) return w;\n", "    if (warren::mutant(10) && claimed(w)) warren::dawdle(20);\n    if (win(w)) return w;\n"),
        gtest("channels", "go_select_run.*:stress_run.*:select_run.*"),
        stepping("select_is_won_once", "select_of_two", "select_meets_select"), hang=True),
    fault(
        11, "A close wakes only the first who waits.",
        Edit(CORE, "      w->success = false;\n      woken.push_back(w->who);\n",
             "      w->success = false;\n      woken.push_back(w->who);\n      if (warren::mutant(11)) break;\n"),
        gtest("channels", "channel_run.a_close*"),
        stepping("close_wakes_all"), hang=True),
    fault(
        12, "A channel is closed without its lock.",
        Edit(CORE, "  const runtime::spin_guard guard(lock);\n  if (closed_",
             "  std::optional<runtime::spin_guard> guard;\n  if (!warren::mutant(12)) guard.emplace(lock);\n  if (closed_"),
        gtest("channels", "stress_run.*:go_channel_run.*"), gtest("context", "stress_run.*:context_run.*"),
        stepping("close_against_send", "close_twice", "done_channel"),
        hang=True),
    fault(
        13, "A send puts its value into the ring although somebody waits for one.",
        Edit(CORE, "  if (!receivers_.empty() && hand_over(value, woken)) return outcome::done;\n",
             "  if (!(warren::mutant(13) && capacity_ != 0) && !receivers_.empty() && hand_over(value, woken)) "
             "return outcome::done;\n"),
        gtest("channels", "channel_run.*:go_channel_run.*"),
        stepping("buffered_one", "ring"), hang=True),
    fault(
        14, "A receive from a full ring lets nobody in who waits to send.",
        Edit(CORE, "    if (senders_.empty() || !let_in(woken)) set_count(count() - 1);\n",
             "    if (warren::mutant(14) || senders_.empty() || !let_in(woken)) set_count(count() - 1);\n"),
        gtest("channels", "channel_run.*:go_channel_run.*"), hang=True),
    fault(
        63, "A select is claimed by a load and a store.",
        gtest("channels", "go_select_run.*:stress_run.*"),
        stepping("select_is_won_once", "select_of_two", "select_meets_select"), hang=True),
    fault(
        64, "A select queues its waiters after it has unlocked the channels that it looked at.",
        Edit(SELECT, "    return wait(order);\n",
             "    if (warren::mutant(64)) {\n      order.unlock_all();\n      order.lock_all();\n    }\n    return wait(order);\n"),
        gtest("channels", "go_select_run.*:stress_run.*"),
        stepping("select_of_two"), hang=True),
    fault(
        65, "A try does not fence between what this goroutine has sent and the look at another channel.",
        Edit(CORE, "  if (t == nullptr || t->fence_owed) [[unlikely]] return look_after_fence<Look>(ch);\n",
             "  if ((t == nullptr || t->fence_owed) && !warren::mutant(65)) return look_after_fence<Look>(ch);\n"),
        gtest("channels", "stress_run.a_*_sees_what_came_before/*:go_channel_run.*race*:go_select_run.*Race*"),
        stepping("tries_see_each_other")),
    fault(
        66, "A select unlocks the channel of the case that went ahead before the others.",
        Edit(SELECT, """\
    for (std::size_t i = 0; i != size_; ++i) {
      if (cores_[i] != last) cores_[i]->lock.unlock();
    }
    last->lock.unlock();
""", """\
    if (warren::mutant(66)) {
      last->lock.unlock();
      warren::dawdle(20);
    }
    for (std::size_t i = 0; i != size_; ++i) {
      if (cores_[i] != last) cores_[i]->lock.unlock();
    }
    if (!warren::mutant(66)) last->lock.unlock();
"""),
        gtest("channels", "core_run.a_select_lets_go*"),
        stepping("last_handle"), hang=True),
    fault(
        67, "A receive looks first whether the ring is empty, and then whether the channel is closed.",
        Edit(CORE, "  if (!(ch->is_closed() && ch->drained())) {\n",
             "  if (!(warren::mutant(67) ? ch->drained() && (warren::dawdle(20), ch->is_closed()) : ch->is_closed() && ch->drained())) {\n"),
        Edit(CORE, "  if (ch->is_closed() && ch->drained()) return outcome::closed;\n",
             "  if (warren::mutant(67) ? ch->drained() && ch->is_closed() : ch->is_closed() && ch->drained()) "
             "return outcome::closed;\n"),
        gtest("channels", "stress_run.what_was_sent*"),
        stepping("the_end_is_last", "the_end_is_last_for_a_try")),
]
