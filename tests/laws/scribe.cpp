// SPDX-License-Identifier: MIT
#include "scribe.hpp"

#include <warren/channels/channel_error.hpp>
#include <warren/channels/select.hpp>

namespace warren::laws {

namespace {

attempt to_send(const mailbox& box) { return {box.number, deed::send}; }
attempt to_receive(const mailbox& box) { return {box.number, deed::receive}; }

}  // namespace

stamp scribe::now() noexcept {
  // Acquire and release: pairs with itself; what has a stamp comes after all that has an earlier one, on every machine.
  return clock_.fetch_add(1, std::memory_order_acq_rel);
}

fate scribe::write(deed what, const mailbox& box, stamp begin, fate how, letter v) {
  const ending e = how == fate::closed ? ending::closed : ending::done;
  own_.operations.push_back({begin, now(), v, box.number, what, e});
  return how;
}

void scribe::write_refused(stamp begin, attempt a, attempt b) {
  const stamp end = now();
  own_.refusals.push_back({begin, end, a.channel == b.channel ? std::vector{a} : std::vector{a, b}});
}

scribe::choice scribe::write_received(const mailbox& box, stamp begin, int which, letter v, bool ok) {
  return {write(deed::receive, box, begin, ok ? fate::done : fate::closed, v), which, v};
}

fate scribe::send(const mailbox& to, letter v) {
  const stamp begin = now();
  try {
    to.letters.send(v);
  } catch (const channel_error&) {
    return write(deed::send, to, begin, fate::closed, v);
  }
  return write(deed::send, to, begin, fate::done, v);
}

fate scribe::try_send(const mailbox& to, letter v) {
  const stamp begin = now();
  try {
    if (to.letters.try_send(v)) return write(deed::send, to, begin, fate::done, v);
  } catch (const channel_error&) {
    return write(deed::send, to, begin, fate::closed, v);
  }
  write_refused(begin, to_send(to), to_send(to));
  return fate::refused;
}

fate scribe::receive(const mailbox& from) {
  const stamp begin = now();
  const auto [v, ok] = from.letters.recv_ok();
  return write_received(from, begin, 0, v, ok).how;
}

fate scribe::try_receive(const mailbox& from) {
  letter v = 0;
  const stamp begin = now();
  const recv_status what = from.letters.try_recv(v);
  if (what != recv_status::empty) return write_received(from, begin, 0, v, what == recv_status::value).how;
  write_refused(begin, to_receive(from), to_receive(from));
  return fate::refused;
}

fate scribe::close(const mailbox& box) {
  const stamp begin = now();
  try {
    box.letters.close();
  } catch (const channel_error&) {
    return write(deed::close, box, begin, fate::closed);
  }
  return write(deed::close, box, begin, fate::done);
}

scribe::choice scribe::send_either(const mailbox& a, const mailbox& b, letter v) {
  const stamp begin = now();
  try {
    const int which = select(warren::send(a.letters, v), warren::send(b.letters, v));
    return {write(deed::send, which == 0 ? a : b, begin, fate::done, v), which, v};
  } catch (const channel_error&) {
    return {fate::closed, 0, v};
  }
}

scribe::choice scribe::try_send_either(const mailbox& a, const mailbox& b, letter v) {
  const stamp begin = now();
  try {
    const int which = select(warren::send(a.letters, v), otherwise, warren::send(b.letters, v));
    if (which != 1) return {write(deed::send, which == 0 ? a : b, begin, fate::done, v), which / 2, v};
  } catch (const channel_error&) {
    return {fate::closed, 0, v};
  }
  write_refused(begin, to_send(a), to_send(b));
  return {};
}

scribe::choice scribe::receive_either(const mailbox& a, const mailbox& b) {
  letter v = 0;
  bool ok = false;
  const stamp begin = now();
  const int which = select(recv(a.letters, v, ok), recv(b.letters, v, ok));
  return write_received(which == 0 ? a : b, begin, which, v, ok);
}

scribe::choice scribe::try_receive_either(const mailbox& a, const mailbox& b) {
  letter v = 0;
  bool ok = false;
  const stamp begin = now();
  const int which = select(recv(a.letters, v, ok), recv(b.letters, v, ok), otherwise);
  if (which != 2) return write_received(which == 0 ? a : b, begin, which, v, ok);
  write_refused(begin, to_receive(a), to_receive(b));
  return {};
}

scribe::choice scribe::send_or_receive(const mailbox& to, letter v, const mailbox& from) {
  letter got = 0;
  bool ok = false;
  const stamp begin = now();
  try {
    const int which = select(warren::send(to.letters, v), recv(from.letters, got, ok));
    if (which == 1) return write_received(from, begin, 1, got, ok);
  } catch (const channel_error&) {
    return {write(deed::send, to, begin, fate::closed, v), 0, v};
  }
  return {write(deed::send, to, begin, fate::done, v), 0, v};
}

void scribe::hand_in(history& h) {
  h.operations.insert(h.operations.end(), own_.operations.begin(), own_.operations.end());
  h.refusals.insert(h.refusals.end(), own_.refusals.begin(), own_.refusals.end());
  own_ = {};
}

}  // namespace warren::laws
