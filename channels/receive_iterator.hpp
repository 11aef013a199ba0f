// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <iterator>
#include <utility>

#include "any_channel.hpp"
#include "element.hpp"

namespace warren::channels {

/// Walks over what a channel receives until it is closed and drained. Holds a handle, so that the loop's body
/// may set the channel it came from to nil. Parks: at the start and at each step.
template <class T>
class receive_iterator {
 public:
  using value_type = T;
  using difference_type = std::ptrdiff_t;
  using iterator_concept = std::input_iterator_tag;

  explicit receive_iterator(any_channel from) : from_(std::move(from)) { step(); }
  receive_iterator(receive_iterator&& other) noexcept : from_(std::move(other.from_)) { adopt(other); }
  receive_iterator& operator=(receive_iterator&& other) noexcept {
    if (this == &other) return *this;
    drop();
    from_ = std::move(other.from_);
    adopt(other);
    return *this;
  }
  ~receive_iterator() { drop(); }

  /// The value may be moved away, as `for (T v : ch)` does.
  T&& operator*() const noexcept { return std::move(cell_.value); }
  receive_iterator& operator++() {
    drop();
    step();
    return *this;
  }
  void operator++(int) { ++*this; }

  friend bool operator==(const receive_iterator& i, std::default_sentinel_t) noexcept { return !i.full_; }

 private:
  void step() { full_ = receive(from_.get(), cell_.at()) == outcome::done; }
  void drop() noexcept {
    if (std::exchange(full_, false)) cell_.drop();
  }
  void adopt(receive_iterator& other) noexcept {
    if (!std::exchange(other.full_, false)) return;
    ::new (cell_.at()) T(other.cell_.take());
    full_ = true;
  }

  any_channel from_;
  bool full_ = false;
  mutable cell<T> cell_;
};

/// What a loop over a chan<void> sees.
struct nothing {};

template <>
class receive_iterator<void> {
 public:
  using value_type = nothing;
  using difference_type = std::ptrdiff_t;
  using iterator_concept = std::input_iterator_tag;

  explicit receive_iterator(any_channel from) : from_(std::move(from)) { ++*this; }

  nothing operator*() const noexcept { return {}; }
  receive_iterator& operator++() {
    open_ = receive(from_.get(), nullptr) == outcome::done;
    return *this;
  }
  void operator++(int) { ++*this; }

  friend bool operator==(const receive_iterator& i, std::default_sentinel_t) noexcept { return !i.open_; }

 private:
  any_channel from_;
  bool open_ = false;
};

}  // namespace warren::channels
