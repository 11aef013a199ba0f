// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <type_traits>
#include <utility>

#include "channel_error.hpp"
#include "element.hpp"
#include "handle.hpp"
#include "receive_iterator.hpp"

// The channel types. Each is a counted reference: copies share the channel, a default one is nil, and every
// operation is const. A nil channel blocks for ever. Waiters are served first come, first served.

namespace warren {

/// What try_recv found.
enum class recv_status : std::uint8_t {
  empty,   ///< a receive would have had to wait
  value,   ///< a value came
  closed,  ///< the channel is closed and drained
};

namespace channels {

constexpr recv_status status_of(outcome what) noexcept {
  return what == outcome::done     ? recv_status::value
         : what == outcome::closed ? recv_status::closed
                                   : recv_status::empty;
}

/// Closing and everything else that may be done at the sending end.
template <class Self, class T>
class sending_end {
 public:
  static constexpr bool can_send = true;

  /// Sends the value, waiting until a receiver takes it or the buffer has room for it.
  /// Parks: yes. Throws: channel_error (`send on closed channel`), also when closed while it waits.
  /// Order: happens before the receive of the value returns.
  void send(const T& value) const {
    static_assert(std::is_copy_constructible_v<T>,
                  "send: a value that cannot be copied is sent with std::move");
    T copy(value);
    channels::send(target(), &copy);
  }
  void send(T&& value) const {
    check_element<T>();
    channels::send(target(), &value);
  }

  /// Sends the value if that is possible at once.
  /// Parks: never. Returns: whether it did; if not, the value is intact. Throws: as send.
  bool try_send(const T& value) const {
    static_assert(std::is_copy_constructible_v<T>,
                  "try_send: a value that cannot be copied is sent with std::move");
    T copy(value);
    return channels::try_send(target(), &copy) == outcome::done;
  }
  bool try_send(T&& value) const {
    check_element<T>();
    return channels::try_send(target(), &value) == outcome::done;
  }

  /// The same as send.
  const Self& operator<<(const T& value) const {
    send(value);
    return self();
  }
  const Self& operator<<(T&& value) const {
    send(std::move(value));
    return self();
  }

  /// Lets receivers know that nothing more comes: what is buffered they still get.
  /// Parks: never. Throws: channel_error (`close of closed channel`, `close of nil channel`).
  /// Order: happens before a receive that returns because of it.
  void close() const { channels::close(target()); }

 private:
  const Self& self() const noexcept { return static_cast<const Self&>(*this); }
  core* target() const noexcept { return self().untyped().get(); }
};

template <class Self>
class sending_end<Self, void> {
 public:
  static constexpr bool can_send = true;

  /// Parks: yes. Throws: channel_error (`send on closed channel`), also when closed while it waits.
  void send() const { channels::send(target(), nullptr); }

  /// Parks: never. Returns: whether a receiver took it or the buffer had room. Throws: as send.
  bool try_send() const { return channels::try_send(target(), nullptr) == outcome::done; }

  /// Parks: never. Throws: channel_error (`close of closed channel`, `close of nil channel`).
  void close() const { channels::close(target()); }

 private:
  core* target() const noexcept { return static_cast<const Self&>(*this).untyped().get(); }
};

template <class T>
constexpr void check_zero() noexcept {
  static_assert(std::is_default_constructible_v<T>,
                "a closed channel yields T{}, so T needs a default constructor; range-for, try_recv and "
                "recv_opt do without");
}

template <class T>
constexpr void check_assignable() noexcept {
  static_assert(std::is_move_assignable_v<T>,
                "what is received is assigned to the variable, so T needs an assignment; recv, recv_opt and "
                "range-for do without");
}

/// Everything that may be done at the receiving end.
template <class Self, class T>
class receiving_end {
 public:
  static constexpr bool can_receive = true;

  /// Receives a value, waiting until there is one. Parks: yes. Returns: the value; T{} once closed and
  /// drained.
  T recv() const {
    check_zero<T>();
    cell<T> received;
    if (channels::receive(source(), received.at()) == outcome::done) return received.take();
    return T{};
  }

  /// As recv, with false for the T{} of a closed channel. Parks: yes.
  std::pair<T, bool> recv_ok() const {
    check_zero<T>();
    cell<T> received;
    if (channels::receive(source(), received.at()) == outcome::done) return {received.take(), true};
    return {T{}, false};
  }

  /// As recv, with nothing once closed and drained. Parks: yes.
  std::optional<T> recv_opt() const {
    cell<T> received;
    if (channels::receive(source(), received.at()) == outcome::done) return received.take();
    return std::nullopt;
  }

  /// Receives into `value`, which becomes T{} once closed and drained. Parks: yes. Returns: false for that.
  bool operator>>(T& value) const {
    check_zero<T>();
    check_assignable<T>();
    cell<T> received;
    if (channels::receive(source(), received.at()) == outcome::done) return value = received.take(), true;
    value = T{};
    return false;
  }

  /// Receives if that is possible at once; `value` is untouched unless it did. Parks: never.
  recv_status try_recv(T& value) const {
    check_assignable<T>();
    cell<T> received;
    const outcome what = channels::try_receive(source(), received.at());
    if (what == outcome::done) value = received.take();
    return status_of(what);
  }

  /// `for (T v : ch)`: until the channel is closed and drained. Parks: at each step.
  receive_iterator<T> begin() const { return receive_iterator<T>(self().untyped()); }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  const Self& self() const noexcept { return static_cast<const Self&>(*this); }
  core* source() const noexcept {
    check_element<T>();
    return self().untyped().get();
  }
};

template <class Self>
class receiving_end<Self, void> {
 public:
  static constexpr bool can_receive = true;

  /// Parks: yes. Returns: false once closed and drained.
  bool recv() const { return channels::receive(source(), nullptr) == outcome::done; }

  /// Parks: never.
  recv_status try_recv() const noexcept { return status_of(channels::try_receive(source(), nullptr)); }

  /// Once for each receive, until the channel is closed and drained. Parks: at each step.
  receive_iterator<void> begin() const {
    return receive_iterator<void>(static_cast<const Self&>(*this).untyped());
  }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  core* source() const noexcept { return static_cast<const Self&>(*this).untyped().get(); }
};

}  // namespace channels

/// A channel, both ends. Source: Go's `chan T`.
template <class T>
class chan : public channels::handle,
             public channels::sending_end<chan<T>, T>,
             public channels::receiving_end<chan<T>, T> {
 public:
  using value_type = T;
  using channels::handle::handle;
};

/// The sending end of a channel. Source: Go's `chan<- T`.
template <class T>
class send_chan : public channels::handle, public channels::sending_end<send_chan<T>, T> {
 public:
  static constexpr bool can_receive = false;
  using value_type = T;
  using channels::handle::handle;
  send_chan(const chan<T>& c) noexcept : handle(c.untyped()) {}
  send_chan(chan<T>&& c) noexcept : handle(std::move(c).untyped()) {}
};

/// The receiving end of a channel. Source: Go's `<-chan T`.
template <class T>
class recv_chan : public channels::handle, public channels::receiving_end<recv_chan<T>, T> {
 public:
  static constexpr bool can_send = false;
  using value_type = T;
  using channels::handle::handle;
  recv_chan(const chan<T>& c) noexcept : handle(c.untyped()) {}
  recv_chan(chan<T>&& c) noexcept : handle(std::move(c).untyped()) {}
};

/// Makes a channel with room for `capacity` values; with none, a send waits for its receiver.
/// Throws: channel_error (`makechan: size out of range`).
template <class T>
chan<T> make_chan(std::ptrdiff_t capacity = 0) {
  return chan<T>(channels::any_channel(channels::make_core(channels::element_of<T>, capacity)));
}

/// Identity; an end of a channel equals the channel.
template <channels::channel A, channels::channel B>
  requires std::same_as<channels::element_t<A>, channels::element_t<B>>
bool operator==(const A& a, const B& b) noexcept {
  return a.untyped() == b.untyped();
}

template <channels::channel A>
bool operator==(const A& a, std::nullptr_t) noexcept {
  return a.untyped().get() == nullptr;
}

namespace channels {

template <class C>
struct identity_hash {
  std::size_t operator()(const C& c) const noexcept { return std::hash<const void*>{}(c.untyped().get()); }
};

}  // namespace channels
}  // namespace warren

template <class T>
struct std::hash<warren::chan<T>> : warren::channels::identity_hash<warren::chan<T>> {};
template <class T>
struct std::hash<warren::send_chan<T>> : warren::channels::identity_hash<warren::send_chan<T>> {};
template <class T>
struct std::hash<warren::recv_chan<T>> : warren::channels::identity_hash<warren::recv_chan<T>> {};
