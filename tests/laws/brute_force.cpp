// SPDX-License-Identifier: MIT
#include "brute_force.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace warren::laws {

namespace {

/// A channel, as the words of its interface say.
struct channel {
  std::size_t capacity = 0;
  bool closed = false;
  std::vector<letter> inside;

  /// What one can do by itself. False: it could not have ended so.
  bool does(const operation& o) {
    if (o.how == ending::closed) return closed && (o.what != deed::receive || inside.empty());
    if (o.what == deed::close) return !std::exchange(closed, true);
    if (o.what == deed::send) {
      inside.push_back(o.value);
      return !closed && inside.size() <= capacity;
    }
    if (inside.empty() || inside.front() != o.value) return false;
    inside.erase(inside.begin());
    return true;
  }
};

class all_orders {
 public:
  explicit all_orders(const history& h) : operations_(h.operations), left_(h.channels[0].left) {
    start_.capacity = h.channels[0].capacity;
  }

  bool find() { return find(0, start_); }

 private:
  using set = std::uint32_t;

  bool find(set done, const channel& c) {
    if (done == (set{1} << operations_.size()) - 1) return c.inside == left_;
    if (!seen_.insert({done, c.inside}).second) return false;
    for (std::size_t i = 0; i < operations_.size(); ++i) {
      if (!may_be_next(done, i)) continue;
      channel then = c;
      if (then.does(operations_[i]) && find(done | bit(i), then)) return true;
      if (meets_somebody(done, i, c)) return true;
    }
    return false;
  }

  /// Without a buffer a send and a receive happen at one moment.
  bool meets_somebody(set done, std::size_t sender, const channel& c) {
    const operation& s = operations_[sender];
    if (c.capacity != 0 || c.closed || s.what != deed::send || s.how != ending::done) return false;
    for (std::size_t i = 0; i < operations_.size(); ++i) {
      const operation& r = operations_[i];
      const bool fits = r.what == deed::receive && r.how == ending::done && r.value == s.value;
      if (fits && may_be_next(done, i) && find(done | bit(sender) | bit(i), c)) return true;
    }
    return false;
  }

  bool may_be_next(set done, std::size_t i) const {
    if ((done & bit(i)) != 0) return false;
    for (std::size_t k = 0; k < operations_.size(); ++k) {
      if ((done & bit(k)) == 0 && operations_[k].end < operations_[i].begin) return false;
    }
    return true;
  }

  static set bit(std::size_t i) { return set{1} << i; }

  std::vector<operation> operations_;
  std::vector<letter> left_;
  channel start_;
  std::set<std::pair<set, std::vector<letter>>> seen_;  ///< no order begins with these; whether it is closed follows
};

}  // namespace

bool has_order(const history& h) { return all_orders(h).find(); }

}  // namespace warren::laws
