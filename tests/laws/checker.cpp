// SPDX-License-Identifier: MIT
#include "checker.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace warren::laws {

namespace {

using verdict = std::optional<violation>;

constexpr stamp never = std::numeric_limits<stamp>::max();

std::string words_of(stamp begin, stamp end) {
  return "[" + std::to_string(begin) + ", " + (end == never ? "end" : std::to_string(end)) + "]";
}

/// One value on its way.
struct journey {
  letter value = 0;
  stamp send_begin = 0;
  stamp send_end = 0;
  stamp receive_begin = never;  ///< never: it is left over
  stamp receive_end = never;

  std::string words() const {
    return "value " + std::to_string(value) + ", sent " + words_of(send_begin, send_end) + ", received " +
           (receive_begin == never ? "never" : words_of(receive_begin, receive_end));
  }
};

/// All that was done to one channel.
struct record {
  std::size_t capacity = 0;
  std::vector<operation> sends;
  std::vector<operation> receives;
  std::vector<operation> closes;
  std::vector<operation> told;     ///< those that found it closed, close included
  std::vector<letter> left;
  std::vector<journey> journeys;   ///< of what was sent, once the sums are right
  stamp close_begin = never;
  stamp closed_by = never;         ///< at the latest: it had ended, or somebody had been told
};

std::vector<record> by_channel(const history& h) {
  std::vector<record> all(h.channels.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].capacity = h.channels[i].capacity;
    all[i].left = h.channels[i].left;
  }
  for (const operation& o : h.operations) {
    record& r = all[o.channel];
    if (o.how == ending::closed) {
      r.told.push_back(o);
      r.closed_by = std::min(r.closed_by, o.end);
    } else if (o.what == deed::close) {
      r.closes.push_back(o);
      r.close_begin = o.begin;
      r.closed_by = std::min(r.closed_by, o.end);
    } else {
      (o.what == deed::send ? r.sends : r.receives).push_back(o);
    }
  }
  return all;
}

template <class Key>
void sort_by(std::vector<journey>& journeys, Key key) {
  std::sort(journeys.begin(), journeys.end(), [key](const journey& a, const journey& b) { return key(a) < key(b); });
}

// --- the sums

/// What is left over counts as received after everything else; in which order among themselves is overtaken_left()'s.
std::vector<operation> with_left_over(const record& r) {
  std::vector<operation> all = r.receives;
  for (const letter v : r.left) all.push_back({never, never, v, 0, deed::receive, ending::done});
  return all;
}

/// Pairs each send with the receive of its value. Everything that was sent came out once, or is left, and nothing else did.
verdict pair_up(record& r) {
  const auto by_value = [](const operation& a, const operation& b) { return a.value < b.value; };
  std::vector<operation> out = with_left_over(r);
  std::sort(out.begin(), out.end(), by_value);
  std::sort(r.sends.begin(), r.sends.end(), by_value);
  for (std::size_t i = 1; i < out.size(); ++i) {
    if (out[i].value == out[i - 1].value) return violation{law::twice, "value " + std::to_string(out[i].value)};
  }
  auto next = out.begin();
  for (const operation& s : r.sends) {
    if (next != out.end() && next->value < s.value) break;
    if (next == out.end() || next->value > s.value) return violation{law::lost, "value " + std::to_string(s.value)};
    r.journeys.push_back({s.value, s.begin, s.end, next->begin, next->end});
    ++next;
  }
  if (next != out.end()) return violation{law::invented, "value " + std::to_string(next->value)};
  return {};
}

// --- first in, first out

verdict received_after_sent(const record& r) {
  for (const journey& j : r.journeys) {
    if (j.receive_end < j.send_begin) return violation{law::before_sent, j.words()};
  }
  return {};
}

/// Two values of which one's send had ended before the other's began, but whose receives came the other way round. For
/// each later send: of all that ended before it, the one that was received last.
verdict in_order(const record& r) {
  std::vector<journey> by_end = r.journeys;
  std::vector<journey> by_begin = r.journeys;
  sort_by(by_end, [](const journey& j) { return j.send_end; });
  sort_by(by_begin, [](const journey& j) { return j.send_begin; });
  const journey* last = nullptr;
  auto earlier = by_end.begin();
  for (const journey& j : by_begin) {
    for (; earlier != by_end.end() && earlier->send_end < j.send_begin; ++earlier) {
      if (last == nullptr || earlier->receive_begin > last->receive_begin) last = &*earlier;
    }
    if (last != nullptr && j.receive_end < last->receive_begin) {
      return violation{law::overtaken, last->words() + "; " + j.words()};
    }
  }
  return {};
}

/// Of what is left over none was certainly sent after one that stands behind it.
verdict left_in_order(const record& r) {
  std::vector<std::pair<letter, const journey*>> known;
  for (const journey& j : r.journeys) known.emplace_back(j.value, &j);
  stamp latest_begin = 0;
  for (const letter v : r.left) {
    const auto at = std::lower_bound(known.begin(), known.end(), std::pair<letter, const journey*>(v, nullptr));
    const journey& j = *at->second;
    if (j.send_end < latest_begin) return violation{law::overtaken, "left over: " + j.words()};
    latest_begin = std::max(latest_begin, j.send_begin);
  }
  return {};
}

// --- room

/// At no moment have more sends ended than receives begun and the buffer holds. So the k-th receive begins before the
/// (k + capacity)-th send ends.
verdict within_capacity(const record& r) {
  std::vector<stamp> sent;
  std::vector<stamp> came;
  for (const journey& j : r.journeys) {
    // What the close found waiting it has sent away, so a value that was sent is in by then.
    sent.push_back(std::min(j.send_end, r.closed_by));
    came.push_back(j.receive_begin);
  }
  std::sort(sent.begin(), sent.end());
  std::sort(came.begin(), came.end());
  for (std::size_t k = 0; k + r.capacity < sent.size(); ++k) {
    if (came[k] > sent[k + r.capacity]) {
      return violation{law::over_capacity, std::to_string(k + r.capacity + 1) + " values are in at " +
                                               std::to_string(sent[k + r.capacity]) + ", when " + std::to_string(k) +
                                               " receives have begun"};
    }
  }
  return {};
}

verdict together(const record& r) {
  for (const journey& j : r.journeys) {
    const stamp from = std::max(j.send_begin, j.receive_begin);
    if (from > std::min({j.send_end, j.receive_end, r.closed_by})) return violation{law::not_together, j.words()};
  }
  return {};
}

// --- the close

verdict closed_once(const record& r) {
  if (r.closes.size() <= 1) return {};
  return violation{law::closed_twice, words_of(r.closes[1].begin, r.closes[1].end)};
}

verdict sent_while_open(const record& r) {
  for (const journey& j : r.journeys) {
    if (j.send_begin > r.closed_by) return violation{law::sent_after_close, j.words()};
  }
  return {};
}

verdict told_of_close(const record& r) {
  for (const operation& o : r.told) {
    if (o.end < r.close_begin) return violation{law::closed_without_close, words_of(o.begin, o.end)};
  }
  return {};
}

/// Nothing that was sent is left when a receive says that nothing more comes.
verdict drained_before_false(const record& r) {
  stamp first_end = never;
  for (const operation& o : r.told) {
    if (o.what == deed::receive) first_end = std::min(first_end, o.end);
  }
  if (first_end == never) return {};
  for (const journey& j : r.journeys) {
    if (j.receive_begin > first_end) return violation{law::value_after_false, j.words()};
  }
  return {};
}

// --- refusals

/// For each moment whether a receive, or a send, was certainly ready. A moment is what lies before a stamp.
class readiness {
 public:
  readiness(const record& r, deed what, stamp end) : next_unready_(end + 2, end + 1) {
    std::vector<std::int64_t> change(end + 2, 0);
    for (const journey& j : r.journeys) count_in(change, j, what == deed::receive);
    // More than nothing is surely inside; or less than all that has room.
    const auto room = static_cast<std::int64_t>(r.capacity);
    std::int64_t inside = 0;
    for (stamp t = 0; t <= end; ++t) {
      const bool ready = t > r.closed_by || (what == deed::receive ? inside > 0 : inside < room);
      if (!ready) next_unready_[t] = t;
      inside += change[t];
    }
    for (stamp t = end + 1; t-- > 0;) next_unready_[t] = std::min(next_unready_[t], next_unready_[t + 1]);
  }

  stamp next_unready(stamp t) const { return next_unready_[std::min<std::size_t>(t, next_unready_.size() - 1)]; }

 private:
  /// At least: in when the send has ended, out when a receive begins. At most: the other way round.
  static void count_in(std::vector<std::int64_t>& change, const journey& j, bool at_least) {
    const stamp in = at_least ? j.send_end : j.send_begin;
    const stamp out = at_least ? j.receive_begin : j.receive_end;
    ++change[in];
    if (out != never) --change[out];
  }

  std::vector<stamp> next_unready_;
};

class refusals_checker {
 public:
  refusals_checker(const history& h, const std::vector<record>& records) {
    stamp end = 0;
    for (const operation& o : h.operations) end = std::max(end, o.end);
    for (const refusal& f : h.refusals) end = std::max(end, f.end);
    for (const record& r : records) {
      receives_.emplace_back(r, deed::receive, end);
      sends_.emplace_back(r, deed::send, end);
    }
  }

  verdict check(const refusal& f) const {
    stamp t = f.begin + 1;
    while (t <= f.end) {
      stamp all_unready = t;
      for (const attempt& a : f.cases) all_unready = std::max(all_unready, of(a).next_unready(t));
      if (all_unready == t) return {};
      t = all_unready;
    }
    return violation{law::refused_though_ready, words_of(f.begin, f.end)};
  }

 private:
  const readiness& of(const attempt& a) const { return (a.what == deed::receive ? receives_ : sends_)[a.channel]; }

  std::vector<readiness> receives_;
  std::vector<readiness> sends_;
};

verdict first_of_channel(record& r) {
  if (verdict v = pair_up(r)) return v;
  for (verdict (*broken)(const record&) : {closed_once, told_of_close, sent_while_open, received_after_sent,
                                           drained_before_false, r.capacity == 0 ? together : within_capacity}) {
    if (verdict v = broken(r)) return v;
  }
  // Without a buffer those that met came and went at one moment.
  if (r.capacity == 0) return {};
  if (verdict v = in_order(r)) return v;
  return left_in_order(r);
}

}  // namespace

const char* name_of(law l) noexcept {
  switch (l) {
    case law::invented: return "invented";
    case law::twice: return "twice";
    case law::lost: return "lost";
    case law::before_sent: return "before_sent";
    case law::overtaken: return "overtaken";
    case law::over_capacity: return "over_capacity";
    case law::not_together: return "not_together";
    case law::sent_after_close: return "sent_after_close";
    case law::closed_without_close: return "closed_without_close";
    case law::closed_twice: return "closed_twice";
    case law::value_after_false: return "value_after_false";
    case law::refused_though_ready: return "refused_though_ready";
  }
  return "?";
}

std::optional<violation> find_violation(const history& h) {
  std::vector<record> records = by_channel(h);
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (verdict v = first_of_channel(records[i])) {
      v->why = "channel " + std::to_string(i) + ": " + v->why;
      return v;
    }
  }
  if (h.refusals.empty()) return {};
  const refusals_checker checker(h, records);
  for (const refusal& f : h.refusals) {
    if (verdict v = checker.check(f)) return v;
  }
  return {};
}

}  // namespace warren::laws
