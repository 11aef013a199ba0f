// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "../errors/nil.hpp"
#include "any_channel.hpp"

namespace warren::channels {

/// What all channel types share: a counted reference to a core, or nil.
class handle {
 public:
  constexpr handle() noexcept = default;
  constexpr handle(std::nullptr_t) noexcept {}

  /// For the floors above: wraps a core whose element type is known to be the right one; nothing checks it.
  explicit handle(any_channel channel) noexcept : channel_(std::move(channel)) {}

  const any_channel& untyped() const& noexcept { return channel_; }
  any_channel untyped() && noexcept { return std::move(channel_); }

  /// Returns: how many values are buffered; 0 for nil, for an unbuffered channel and for a timer's.
  std::size_t len() const noexcept { return length(channel_.get()); }

  /// Returns: how many values the buffer holds; 0 for nil, for an unbuffered channel and for a timer's.
  std::size_t cap() const noexcept { return capacity(channel_.get()); }

 private:
  any_channel channel_;
};

/// chan<T>, send_chan<T> or recv_chan<T>, and references to them.
template <class C>
concept channel = std::derived_from<std::remove_cvref_t<C>, handle>;
template <class C>
concept sendable = channel<C> && std::remove_cvref_t<C>::can_send;
template <class C>
concept receivable = channel<C> && std::remove_cvref_t<C>::can_receive;

/// The element type of a channel type.
template <channel C>
using element_t = typename std::remove_cvref_t<C>::value_type;

}  // namespace warren::channels
