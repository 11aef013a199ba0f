// SPDX-License-Identifier: MIT
#include "random_history.hpp"

#include <algorithm>
#include <deque>
#include <utility>

namespace warren::laws {

namespace {

std::size_t below(std::minstd_rand& random, std::size_t n) { return random() / 16 % n; }

constexpr stamp between_moments = 1000;
constexpr stamp longest_stretch = 3000;

/// A channel that does one thing after the other.
class player {
 public:
  player(std::size_t capacity, bool may_close, std::minstd_rand& random) : random_(random), may_close_(may_close) {
    h_.channels.push_back({capacity, {}});
  }

  void play() {
    now_ += between_moments;
    switch (below(random_, 9)) {
      case 0: return close();
      case 1: case 2: return refuse();
      case 3: case 4: case 5: return receive();
      default: return send();
    }
  }

  history end() {
    for (const letter v : inside_) h_.channels[0].left.push_back(v);
    return std::move(h_);
  }

 private:
  std::size_t capacity() const { return h_.channels[0].capacity; }
  stamp before() { return now_ - 1 - below(random_, longest_stretch); }
  stamp after() { return now_ + 1 + below(random_, longest_stretch); }
  void add(deed what, ending how, letter v = 0) { h_.operations.push_back({before(), after(), v, 0, what, how}); }

  void close() {
    if (!may_close_) return;
    add(deed::close, std::exchange(closed_, true) ? ending::closed : ending::done);
  }

  void send() {
    if (closed_) return add(deed::send, ending::closed, ++last_);
    if (capacity() == 0) {
      add(deed::send, ending::done, ++last_);
      return add(deed::receive, ending::done, last_);
    }
    if (inside_.size() == capacity()) return receive();
    add(deed::send, ending::done, ++last_);
    inside_.push_back(last_);
  }

  void receive() {
    if (!inside_.empty()) {
      add(deed::receive, ending::done, inside_.front());
      return inside_.pop_front();
    }
    if (closed_) add(deed::receive, ending::closed);
  }

  void refuse() {
    if (closed_) return;
    std::vector<attempt> cases;
    if (inside_.empty()) cases.push_back({0, deed::receive});
    if (inside_.size() == capacity()) cases.push_back({0, deed::send});
    if (!cases.empty()) h_.refusals.push_back({before(), after(), cases});
  }

  std::minstd_rand& random_;
  bool may_close_;
  history h_;
  std::deque<letter> inside_;
  bool closed_ = false;
  letter last_ = 0;
  stamp now_ = 2 * longest_stretch;
};

template <class Change>
void for_each_stamp(history& h, Change change) {
  for (operation& o : h.operations) {
    change(o.begin);
    change(o.end);
  }
  for (refusal& f : h.refusals) {
    change(f.begin);
    change(f.end);
  }
}

/// No two the same, none left out.
void count_stamps_anew(history& h) {
  std::vector<stamp*> all;
  for_each_stamp(h, [&](stamp& s) { all.push_back(&s); });
  std::stable_sort(all.begin(), all.end(), [](const stamp* a, const stamp* b) { return *a < *b; });
  stamp next = 0;
  for (stamp* s : all) *s = next++;
}

}  // namespace

history kept(std::size_t capacity, std::size_t deeds, std::minstd_rand& random, bool may_close) {
  player p(capacity, may_close, random);
  for (std::size_t i = 0; i < deeds; ++i) p.play();
  history h = p.end();
  count_stamps_anew(h);
  return h;
}

void spoil(history& h, std::minstd_rand& random) {
  if (h.operations.size() < 2) return;
  operation& a = h.operations[below(random, h.operations.size())];
  operation& b = h.operations[below(random, h.operations.size())];
  switch (below(random, 6)) {
    case 0:
      if (a.what == b.what) std::swap(a.value, b.value);
      break;
    case 1:
      std::swap(a.begin, b.begin);
      std::swap(a.end, b.end);
      break;
    case 2:
      if (a.what == deed::receive) a.value = b.value;
      break;
    case 3: a.how = a.how == ending::done ? ending::closed : ending::done; break;
    case 4: std::swap(a, h.operations.back()); h.operations.pop_back(); break;
    default:
      // Shorter, so that more is certain.
      a.end = std::min(a.end, a.begin + 1);
      break;
  }
  for (operation& o : h.operations) {
    if (o.begin > o.end) std::swap(o.begin, o.end);
  }
  count_stamps_anew(h);
}

}  // namespace warren::laws
