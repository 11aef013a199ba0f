// SPDX-License-Identifier: MIT
#pragma once

// Laws
//   * A place of a shelf is free, full, or in the hands of one who puts or gets there. Its bit in `free_` or
//     `full_` says so; in neither: in somebody's hands. Who takes a bit out may use the place until he gives
//     one of the two back.
//   * No lock is held anywhere, so what T's constructors and destructor do is their own affair.
//   * A thread puts on its own shelf only, and gets from there first. It may find itself on another thread
//     afterwards, and two threads may have the same shelf: that costs time and nothing else.
//   * A shelf gets its memory with the first that is put there, by a compare-exchange, and keeps it.

#include <array>
#include <atomic>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <new>
#include <type_traits>
#include <utility>

#include "../channels/element.hpp"

namespace warren::sync {

/// Which places of a shelf are full, and which are free.
class pool_shelf {
 public:
  /// The bits of a word. More would be objects that have been out of use, and out of the caches, for long.
  static constexpr int places = 64;

  /// A place that is the caller's now, or -1. The last that was filled comes first: it is the warmest.
  int take_full() noexcept {
    return take(full_, [](std::uint64_t bits) { return 63 - std::countl_zero(bits); });
  }
  int take_free() noexcept {
    return take(free_, [](std::uint64_t bits) { return std::countr_zero(bits); });
  }
  void give_full(int place) noexcept { give(full_, place); }
  void give_free(int place) noexcept { give(free_, place); }

  /// The shelf of the calling thread, of as many as there are.
  static std::uint32_t of_this_thread(std::uint32_t shelves) noexcept;

 private:
  template <class Choose>
  static int take(std::atomic<std::uint64_t>& bits, Choose choose) noexcept {
    std::uint64_t seen = bits.load(std::memory_order_relaxed);
    while (seen != 0) {
      const int place = choose(seen);
      const std::uint64_t rest = seen & ~(std::uint64_t{1} << place);
      // Acquire: pairs with the release in give(); what was done to the place before.
      if (bits.compare_exchange_weak(seen, rest, std::memory_order_acquire, std::memory_order_relaxed))
        return place;
    }
    return -1;
  }
  static void give(std::atomic<std::uint64_t>& bits, int place) noexcept {
    // Release: pairs with the acquire in take().
    bits.fetch_or(std::uint64_t{1} << place, std::memory_order_release);
  }

  std::atomic<std::uint64_t> full_{0};
  std::atomic<std::uint64_t> free_{~std::uint64_t{0}};
};

/// What has a nil, which a pool does not keep. (What takes a text would take nil for one.)
template <class T>
concept has_nil = std::is_pointer_v<T> ||
                  (std::is_constructible_v<T, std::nullptr_t> && !std::is_constructible_v<T, const char*> &&
                   requires(const T& v) {
                     { v == nullptr } -> std::convertible_to<bool>;
                   });

/// Objects that are used for a while and may be used again, so that they need not be made anew.
///
/// Any of them may vanish at any time, and there is no telling which one get() gives. A thread leaves up to
/// 64 of them, and all threads together up to 32 times as many: Go's collector empties a pool that nobody
/// uses, and this one has a bound instead.
///
/// Any goroutine or thread may use it at any time; get() and put() never wait for each other. It is
/// destroyed, with what it holds, when nobody uses it any more.
/// Source: Go sync.Pool.
template <class T>
class pool {
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_destructible_v<T>,
                "pool<T>: T moves in and out of the pool, by a move constructor that is noexcept");

 public:
  /// Without `new_`: where there is nothing to be used again, get() gives T{}.
  pool() noexcept
    requires std::default_initializable<T>
  = default;
  /// With the function that makes one where there is nothing to be used again.
  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, pool> && std::is_constructible_v<std::function<T()>, F>)
  explicit pool(F&& makes) : new_(std::forward<F>(makes)) {}
  pool(const pool&) = delete;
  pool& operator=(const pool&) = delete;
  ~pool();

  /// Takes one out, or makes one. Never switches, unless `new_` does. Throws: what `new_` throws.
  /// Order: put() of an object happens before the get() that returns it.
  /// Returns: one that was put in, else what `new_` makes, else T{}.
  [[nodiscard]] T get();

  /// Leaves it to others, or destroys it where there are enough already; a nil is not kept. Never switches.
  void put(T&& v) {
    T taken(std::move(v));
    keep(taken);
  }
  void put(const T& v)
    requires std::copy_constructible<T>
  {
    T taken(v);
    keep(taken);
  }

  /// What makes a new one, or nil. To be set before the pool is used.
  std::function<T()> new_;

 private:
  using cell = channels::cell<T>;

  struct alignas(64) shelf : pool_shelf {
    std::atomic<cell*> cells{nullptr};
  };
  static constexpr std::uint32_t shelves = 32;

  /// Somebody's place, and what becomes of it.
  struct in_hands {
    shelf& of;
    const int place;
    void (pool_shelf::*give_back)(int) noexcept;
    ~in_hands() { (of.*give_back)(place); }
  };

  void keep(T& v) noexcept;
  static cell* cells_of(shelf& s) noexcept;

  std::array<shelf, shelves> shelves_;
  /// A bit for each shelf that has been used; one that is missing is one that nothing is found on.
  std::atomic<std::uint32_t> used_{0};
};

template <class F>
pool(F) -> pool<std::remove_cvref_t<std::invoke_result_t<F>>>;

template <class T>
pool<T>::~pool() {
  for (shelf& s : shelves_) {
    cell* cells = s.cells.load(std::memory_order_relaxed);
    if (cells == nullptr) continue;
    for (int place; (place = s.take_full()) >= 0;) cells[place].drop();
    delete[] cells;
  }
}

template <class T>
T pool<T>::get() {
  const std::uint32_t mine = pool_shelf::of_this_thread(shelves);
  const std::uint32_t used = used_.load(std::memory_order_relaxed);
  // From the own one upwards, and round.
  for (std::uint32_t left = std::rotr(used, static_cast<int>(mine)); left != 0; left &= left - 1) {
    shelf& s = shelves_[(mine + static_cast<std::uint32_t>(std::countr_zero(left))) % shelves];
    const int place = s.take_full();
    if (place < 0) continue;
    const in_hands at_the_end{s, place, &pool_shelf::give_free};
    // Who filled the place had the cells before.
    return s.cells.load(std::memory_order_relaxed)[place].take();
  }
  if constexpr (std::is_default_constructible_v<T>) {
    if (new_ == nullptr) return T{};
  }
  return new_();
}

template <class T>
void pool<T>::keep(T& v) noexcept {
  if constexpr (has_nil<T>) {
    if (v == nullptr) return;
  }
  const std::uint32_t mine = pool_shelf::of_this_thread(shelves);
  shelf& s = shelves_[mine];
  cell* cells = cells_of(s);
  if (cells == nullptr) return;
  const int place = s.take_free();
  if (place < 0) return;
  {
    const in_hands at_the_end{s, place, &pool_shelf::give_full};
    ::new (cells[place].at()) T(std::move(v));
  }
  const std::uint32_t bit = std::uint32_t{1} << mine;
  if ((used_.load(std::memory_order_relaxed) & bit) == 0) used_.fetch_or(bit, std::memory_order_relaxed);
}

/// Null: there is no memory, and nothing is kept.
template <class T>
typename pool<T>::cell* pool<T>::cells_of(shelf& s) noexcept {
  // Acquire, here and below: pairs with the release in the exchange.
  cell* known = s.cells.load(std::memory_order_acquire);
  if (known != nullptr) return known;
  cell* made = new (std::nothrow) cell[pool_shelf::places];
  if (made == nullptr) return nullptr;
  // Release: pairs with the acquires here, in another's call.
  if (s.cells.compare_exchange_strong(known, made, std::memory_order_release, std::memory_order_acquire))
    return made;
  delete[] made;
  return known;
}

}  // namespace warren::sync
