// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <new>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "cases.hpp"
#include "element.hpp"
#include "waiter.hpp"

namespace warren {

namespace channels {

class run_time_select;

/// A case that outlives the call of select. What one select needs besides (a copy of the value, room for a
/// received one) lies in `room`, memory of that select.
class owned_case : public counted {
 public:
  virtual ~owned_case() = default;

  bool is_otherwise() const noexcept { return is_otherwise_; }
  std::size_t room_bytes() const noexcept { return room_bytes_; }
  std::size_t room_align() const noexcept { return room_align_; }

  /// May throw what copying a value throws.
  virtual void fill(channel_waiter& w, void* room) = 0;
  /// The case was chosen.
  virtual void complete(void* room, bool ok) = 0;
  /// The select is over, whether the case was chosen or not. Follows each fill().
  virtual void end(void* room) noexcept = 0;

 protected:
  owned_case(bool otherwise, std::size_t bytes, std::size_t align) noexcept
      : counted([](counted* self) noexcept { delete static_cast<owned_case*>(self); }),
        is_otherwise_(otherwise),
        room_bytes_(bytes),
        room_align_(align) {}

 private:
  const bool is_otherwise_;
  const std::size_t room_bytes_;
  const std::size_t room_align_;
};

template <class T, class Then>
class owned_receive final : public owned_case {
 public:
  owned_receive(any_channel from, Then then)
      : owned_case(false, sizeof(cell<T>), alignof(cell<T>)),
        from_(std::move(from)),
        then_(std::move(then)) {}

  void fill(channel_waiter& w, void* room) override {
    w.channel = from_.get();
    w.value = (::new (room) cell<T>)->at();
  }
  void complete(void* room, bool ok) override { pass_on<T>(then_, *static_cast<cell<T>*>(room), ok); }
  void end(void*) noexcept override {}

 private:
  any_channel from_;
  Then then_;
};

template <class Then>
class owned_receive<void, Then> final : public owned_case {
 public:
  owned_receive(any_channel from, Then then)
      : owned_case(false, 0, 1), from_(std::move(from)), then_(std::move(then)) {}

  void fill(channel_waiter& w, void*) override { w.channel = from_.get(); }
  void complete(void*, bool ok) override { pass_on_nothing(then_, ok); }
  void end(void*) noexcept override {}

 private:
  any_channel from_;
  Then then_;
};

template <class T, class Then>
class owned_send final : public owned_case {
  // What memcpy takes stays as it was: nothing has to be copied before.
  static constexpr bool copies = std::is_copy_constructible_v<T> && !std::is_trivially_copyable_v<T>;
  static constexpr bool used_up = !std::is_copy_constructible_v<T> && !std::is_trivially_copyable_v<T>;

 public:
  owned_send(any_channel to, T&& value, Then then)
      : owned_case(false, copies ? sizeof(T) : 0, copies ? alignof(T) : 1),
        to_(std::move(to)),
        value_(std::move(value)),
        then_(std::move(then)) {}

  void fill(channel_waiter& w, void* room) override {
    w.channel = to_.get();
    w.is_send = true;
    w.value = &value_;
    if constexpr (copies) w.value = ::new (room) T(std::as_const(value_));
  }
  void complete(void*, bool) override {
    if constexpr (used_up) to_ = any_channel();
    then_();
  }
  void end(void* room) noexcept override {
    if constexpr (copies) static_cast<T*>(room)->~T();
  }

 private:
  any_channel to_;
  T value_;
  Then then_;
};

template <class Then>
class owned_send<void, Then> final : public owned_case {
 public:
  owned_send(any_channel to, Then then)
      : owned_case(false, 0, 1), to_(std::move(to)), then_(std::move(then)) {}

  void fill(channel_waiter& w, void*) override {
    w.channel = to_.get();
    w.is_send = true;
  }
  void complete(void*, bool) override { then_(); }
  void end(void*) noexcept override {}

 private:
  any_channel to_;
  Then then_;
};

template <class Then>
class owned_otherwise final : public owned_case {
 public:
  explicit owned_otherwise(Then then) : owned_case(true, 0, 1), then_(std::move(then)) {}

  void fill(channel_waiter&, void*) override {}
  void complete(void*, bool) override { then_(); }
  void end(void*) noexcept override {}

 private:
  Then then_;
};

/// The caller owns the one handle.
template <class T, class Then>
owned_case* own(receive_case<T, Then>&& c) {
  return new owned_receive<T, std::decay_t<Then>>(c.from().share(), c.then());
}

template <class Value, class Then>
owned_case* own(send_case<Value, Then>&& c) {
  using owned = owned_send<typename send_case<Value, Then>::element, std::decay_t<Then>>;
  if constexpr (std::is_void_v<Value>) {
    return new owned(c.to().share(), c.then());
  } else {
    return new owned(c.to().share(), c.value(), c.then());
  }
}

template <class Then>
owned_case* own(otherwise_case<Then>&& c) {
  return new owned_otherwise<std::decay_t<Then>>(c.then());
}

inline owned_case* own(const otherwise_keyword& c) {
  return new owned_otherwise<nothing_more>(c.then());
}

}  // namespace channels

/// A case that owns its handle, its handler and its value, for selects whose cases are known at run time
/// only. It may be used again: each select sends a fresh copy, except of a move-only value, which is moved
/// and leaves the case nil. Copies share all that, as copies of a channel do. A default one is nil: never
/// ready.
class select_case {
 public:
  select_case() noexcept = default;
  template <channels::select_operand C>
  select_case(C&& c) : what_(channels::own(std::forward<C>(c))) {}
  select_case(const select_case& other) noexcept : what_(other.what_) {
    if (what_ != nullptr) what_->retain();
  }
  select_case(select_case&& other) noexcept : what_(std::exchange(other.what_, nullptr)) {}
  select_case& operator=(select_case other) noexcept {
    std::swap(what_, other.what_);
    return *this;
  }
  ~select_case() {
    if (what_ != nullptr) what_->release();
  }

 private:
  friend class channels::run_time_select;

  channels::owned_case* what_ = nullptr;
};

/// The same as select of so many cases. With none it blocks for ever.
/// Throws: also panic_error (`reflect.Select: multiple default cases`). Source: Go reflect.Select.
int select(std::span<select_case> cases);

inline int select(std::vector<select_case>&& cases) { return select(std::span<select_case>(cases)); }

}  // namespace warren
