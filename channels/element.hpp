// SPDX-License-Identifier: MIT
#pragma once

// What the untyped core is told of an element type, and where a received element lies before it is handed on.

#include <new>
#include <type_traits>
#include <utility>

#include "any_channel.hpp"

namespace warren::channels {

/// What a channel may carry.
template <class T>
constexpr void check_element() noexcept {
  if constexpr (!std::is_void_v<T>) {
    static_assert(std::is_object_v<T> && !std::is_array_v<T>,
                  "chan<T>: T is a type of objects that can be moved");
    static_assert(!std::is_const_v<T> && !std::is_volatile_v<T>, "chan<T>: T is neither const nor volatile");
    static_assert(std::is_nothrow_move_constructible_v<T>,
                  "chan<T>: T has a move constructor that is noexcept, because values move while a channel "
                  "is locked");
    static_assert(std::is_nothrow_destructible_v<T>, "chan<T>: the destructor of T does not throw");
  }
}

template <class T>
constexpr element_type describe_element() noexcept {
  check_element<T>();
  if constexpr (std::is_void_v<T>) {
    return {0, 1, nullptr, nullptr};
  } else if constexpr (std::is_trivially_copyable_v<T>) {
    return {std::is_empty_v<T> ? 0 : sizeof(T), alignof(T), nullptr, nullptr};
  } else {
    return {sizeof(T), alignof(T),
            [](void* to, void* from) noexcept { ::new (to) T(std::move(*static_cast<T*>(from))); },
            [](void* element) noexcept { static_cast<T*>(element)->~T(); }};
  }
}

template <class T>
inline constexpr element_type element_of = describe_element<T>();

/// Raw memory for one element. Whoever fills it empties it, by take() or drop().
template <class T>
union cell {
  constexpr cell() noexcept {}
  constexpr ~cell() {}
  cell(const cell&) = delete;
  cell& operator=(const cell&) = delete;

  void* at() noexcept { return &value; }
  T take() noexcept {
    const dropper end{this};
    return std::move(value);
  }
  void drop() noexcept { value.~T(); }

  T value;

 private:
  struct dropper {
    cell* filled;
    ~dropper() { filled->drop(); }
  };
};

}  // namespace warren::channels
