// SPDX-License-Identifier: MIT
#include "stack.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <new>
#include <utility>

#include "clock.hpp"
#include "spinlock.hpp"
#include "system.hpp"

namespace warren::runtime {

/// Some stacks of one class in one mapping.
struct slab {
  slab* next = nullptr;       ///< of all slabs; constant once published
  slab* next_cold = nullptr;  ///< of those with cold stacks; the depot's lock
  slab* next_cooling = nullptr;  ///< of those with cooling stacks, the last that got its first one first; the depot's lock
  slab* prev_cooling = nullptr;
  char* base = nullptr;
  std::uint8_t size_class = 0;
  std::uint8_t count = 0;
  std::uint64_t cold = 0;       ///< stacks without a resident page; the depot's lock
  std::uint64_t cooling = 0;    ///< stacks soon to be cold; the depot's lock
  std::uint64_t prepared = 0;   ///< stacks whose guard stands; the depot's lock
  std::uint64_t canaries = 0;   ///< of those, the ones with a canary in its place
};

namespace {

constexpr std::size_t slab_bytes = 16 << 20;
constexpr std::uint32_t tidied_a_lock = 32;  // each is a line that is in no cache
constexpr std::int64_t tidying_ns = 2'000'000;
constexpr std::uint32_t warm_limit = 1024;     // 4 MiB of resident top pages
constexpr std::uint32_t cooling_limit = 4096;  // 16 MiB

enum class guard_method : std::uint8_t { markers, protection, canaries };

struct class_depot {
  stack* worn = nullptr;       ///< since the last tidying
  stack* worn_long = nullptr;  ///< before it, and not wanted since
  stack* warm = nullptr;
  std::uint32_t warm_count = 0;
  slab* cold = nullptr;
  slab* newest_cooling = nullptr;
  slab* oldest_cooling = nullptr;
  std::uint32_t cooling_count = 0;
};

struct depot {
  spinlock lock;
  class_depot of_class[stacks::largest_class + 1];
  std::atomic<std::uint32_t> worn_count{0};  ///< of all classes; changed under the lock
  guard_method method = guard_method::markers;
  bool chosen = false;
  long mappings_left = 0;
};

constinit depot all;
constinit std::atomic<slab*> slabs{nullptr};

/// The mask of a slab with so many stacks.
constexpr std::uint64_t all_of(unsigned count) noexcept { return ~std::uint64_t{0} >> (64 - count); }

std::size_t header_offset(std::size_t index) noexcept {
  // Thousands of stacks whose hot frames share page offsets would evict each other from the caches.
  return (sizeof(stack) + 63) / 64 * 64 + (index % 16) * 64;
}

void choose_guard_method() noexcept {
  if (all.chosen) return;
  all.chosen = true;
  // ThreadSanitizer maps a shadow for each stack.
  all.mappings_left = sys::max_mappings() / (sanitizer::has_own_thread() ? 8 : 2);
  if (sanitizer::needs_plain_guards()) all.method = guard_method::protection;
}

void warn_once_about_canaries() noexcept {
  static constinit bool warned = false;
  if (warned) return;
  warned = true;
  constexpr char text[] = "warren: no more guard pages can be had (vm.max_map_count); stacks from here on have a canary\n";
  sys::write_all(2, text, sizeof text - 1);
}

/// True: a guard stands. False: a canary does.
bool make_guard(char* base) noexcept {
  if (all.method == guard_method::markers && sys::guard(base, stack::guard_bytes) == 0) return true;
  if (all.method == guard_method::markers) all.method = guard_method::protection;
  if (all.method == guard_method::protection && all.mappings_left >= 2 &&
      sys::protect(base, stack::guard_bytes) == 0) {
    all.mappings_left -= 2;
    return true;
  }
  if (all.method == guard_method::protection) all.method = guard_method::canaries;
  warn_once_about_canaries();
  return false;
}

slab* map_slab(std::uint8_t size_class) noexcept {
  const std::size_t each = stacks::bytes_of_class(size_class);
  const std::size_t count = std::max<std::size_t>(1, std::min<std::size_t>(64, slab_bytes / each));
  auto* s = new (std::nothrow) slab;
  if (s == nullptr) return nullptr;
  s->base = static_cast<char*>(sys::map(each * count));
  if (s->base == nullptr) {
    delete s;
    return nullptr;
  }
  // One root a slab: LeakSanitizer reads the process's whole list of mappings for each. It leaves out what is guarded.
  sanitizer::add_root(s->base, each * count);
  s->size_class = size_class;
  s->count = static_cast<std::uint8_t>(count);
  s->cold = all_of(s->count);
  s->next = slabs.load(std::memory_order_relaxed);
  // Release: pairs with the acquire in find(); publishes the slab's constant fields.
  while (!slabs.compare_exchange_weak(s->next, s, std::memory_order_release)) {
  }
  return s;
}

/// Unseen: goroutines read it, and are not ordered after the worker that took the stack for them, lest races between
/// the goroutines of one worker stay hidden.
WARREN_UNSEEN_BY_SANITIZERS stack* write_header(void* at, char* low, slab* in, std::uint8_t index) noexcept {
  return new (at) stack{.low = low,
                        .in = in,
                        .size_class = in->size_class,
                        .index = index,
                        .canary_only = (in->canaries >> index & 1) != 0,
                        .fiber = {}};
}

/// The stack's bit was just taken out of the slab's cold mask.
stack* warm_up(slab* s, std::uint8_t index) noexcept {
  const std::size_t each = stacks::bytes_of_class(s->size_class);
  char* base = s->base + each * index;
  const std::uint64_t bit = std::uint64_t{1} << index;
  if ((s->prepared & bit) == 0) {
    s->prepared |= bit;
    if (!make_guard(base)) s->canaries |= bit;
    sanitizer::register_stack(base + stack::guard_bytes, base + each);
  }
  stack* header = write_header(base + each - header_offset(index), base + stack::guard_bytes, s, index);
  if (header->canary_only) *reinterpret_cast<std::uint64_t*>(header->low) = stack::canary;
  return header;
}

void discard_below_top_page(stack* s) noexcept {
  const std::size_t page = sys::page_bytes();
  char* top_page = reinterpret_cast<char*>(reinterpret_cast<std::uintptr_t>(s) / page * page);
  char* from = s->low + (s->canary_only ? page : 0);
  if (top_page <= from) return;
  const auto bytes = static_cast<std::size_t>(top_page - from);
  if (sys::may_be_resident(from, bytes)) sys::discard(from, bytes);
}

stack* header_of(slab* s, std::uint8_t index) noexcept {
  return reinterpret_cast<stack*>(s->base + stacks::bytes_of_class(s->size_class) * (index + 1u) - header_offset(index));
}

/// The depot's lock is held. The slab has its first cooling stack.
void list_cooling(class_depot& d, slab* s) noexcept {
  s->prev_cooling = nullptr;
  s->next_cooling = d.newest_cooling;
  (d.newest_cooling != nullptr ? d.newest_cooling->prev_cooling : d.oldest_cooling) = s;
  d.newest_cooling = s;
}

/// The depot's lock is held. The slab has no cooling stacks any more.
void unlist_cooling(class_depot& d, slab* s) noexcept {
  (s->prev_cooling != nullptr ? s->prev_cooling->next_cooling : d.newest_cooling) = s->next_cooling;
  (s->next_cooling != nullptr ? s->next_cooling->prev_cooling : d.oldest_cooling) = s->prev_cooling;
}

/// The depot's lock is held. There is a cooling stack.
stack* take_cooling(class_depot& d) noexcept {
  slab* in = d.newest_cooling;
  const auto index = static_cast<std::uint8_t>(std::countr_zero(in->cooling));
  in->cooling &= in->cooling - 1;
  if (in->cooling == 0) unlist_cooling(d, in);
  --d.cooling_count;
  return header_of(in, index);
}

/// Stacks of one slab that nobody owns but who holds this.
struct batch {
  slab* in = nullptr;
  std::uint64_t stacks = 0;
};

/// The depot's lock is held. Returns: what is to be made cold for it, if anything.
batch let_cool(class_depot& d, stack* s) noexcept {
  slab* in = s->in;
  if (in->cooling == 0) list_cooling(d, in);
  in->cooling |= std::uint64_t{1} << s->index;
  ++d.cooling_count;
  if ((in->cooling | in->cold) != all_of(in->count)) {
    if (d.cooling_count <= cooling_limit) return {};
    in = d.oldest_cooling;
  }
  const batch out{in, in->cooling};
  in->cooling = 0;
  unlist_cooling(d, in);
  d.cooling_count -= static_cast<std::uint32_t>(std::popcount(out.stacks));
  return out;
}

/// One call for all that lie side by side: each interrupts every processor that runs this process. The headers go as well,
/// the guards between them stay.
void discard_runs(const batch& b) noexcept {
  const std::size_t each = stacks::bytes_of_class(b.in->size_class);
  for (std::uint64_t left = b.stacks; left != 0;) {
    const int first = std::countr_zero(left);
    const int length = std::countr_one(left >> first);
    char* from = b.in->base + each * static_cast<std::size_t>(first) + stack::guard_bytes;
    sys::discard(from, each * static_cast<std::size_t>(length) - stack::guard_bytes);
    left &= first + length == 64 ? 0 : ~std::uint64_t{0} << (first + length);
  }
}

void cool_down(const batch& b) noexcept {
  discard_runs(b);
  spin_guard hold(all.lock);
  if (b.in->cold == 0) {
    class_depot& d = all.of_class[b.in->size_class];
    b.in->next_cold = d.cold;
    d.cold = b.in;
  }
  b.in->cold |= b.stacks;
}

stack* pop(stack*& from) noexcept {
  stack* s = from;
  from = s->next;
  return s;
}

void push(stack*& to, stack* s) noexcept {
  s->next = to;
  to = s;
}

/// The depot's lock is held.
void count_worn(int more) noexcept {
  const std::uint32_t n = all.worn_count.load(std::memory_order_relaxed) + static_cast<std::uint32_t>(more);
  all.worn_count.store(n, std::memory_order_relaxed);
}

/// The depot's lock is held. Null: there is none.
stack* take_worn(class_depot& d) noexcept {
  stack*& from = d.worn != nullptr ? d.worn : d.worn_long;
  if (from == nullptr) return nullptr;
  count_worn(-1);
  return pop(from);
}

/// Nothing is resident below the top page.
void keep_warm(stack* s) noexcept {
  batch too_many;
  {
    spin_guard hold(all.lock);
    class_depot& d = all.of_class[s->size_class];
    if (d.warm_count < warm_limit) {
      ++d.warm_count;
      return push(d.warm, s);
    }
    too_many = let_cool(d, s);
  }
  if (too_many.in != nullptr) cool_down(too_many);
}

/// Some of what nobody has wanted since the last tidying.
stack* take_worn_long(class_depot& d) noexcept {
  spin_guard hold(all.lock);
  stack* some = nullptr;
  for (std::uint32_t i = 0; i < tidied_a_lock && d.worn_long != nullptr; ++i) {
    push(some, pop(d.worn_long));
    count_worn(-1);
  }
  return some;
}

void tidy(class_depot& d, std::int64_t until) noexcept {
  while (monotonic_ns() < until) {
    stack* left = take_worn_long(d);
    if (left == nullptr) break;
    while (left != nullptr) {
      stack* s = pop(left);
      discard_below_top_page(s);
      keep_warm(s);
    }
  }
  spin_guard hold(all.lock);
  if (d.worn_long == nullptr) d.worn_long = std::exchange(d.worn, nullptr);
}

const slab* find(const void* address) noexcept {
  const auto* at = static_cast<const char*>(address);
  // Acquire: pairs with the release in map_slab().
  for (const slab* s = slabs.load(std::memory_order_acquire); s != nullptr; s = s->next) {
    if (at >= s->base && at < s->base + stacks::bytes_of_class(s->size_class) * s->count) return s;
  }
  return nullptr;
}

}  // namespace

namespace stacks {

std::uint8_t class_of(std::size_t bytes) noexcept {
  std::uint8_t c = smallest_class;
  while (c < largest_class && bytes_of_class(c) < bytes) ++c;
  return c;
}

stack* take(std::uint8_t size_class) noexcept {
  spin_guard hold(all.lock);
  choose_guard_method();
  class_depot& d = all.of_class[size_class];
  if (stack* s = take_worn(d)) return s;
  if (d.warm != nullptr) {
    --d.warm_count;
    return pop(d.warm);
  }
  if (d.cooling_count > 0) return take_cooling(d);
  if (d.cold == nullptr) {
    d.cold = map_slab(size_class);
    if (d.cold == nullptr) return nullptr;
  }
  slab* in = d.cold;
  const auto index = static_cast<std::uint8_t>(std::countr_zero(in->cold));
  in->cold &= in->cold - 1;
  if (in->cold == 0) d.cold = in->next_cold;
  return warm_up(in, index);
}

void give(stack* s) noexcept {
  spin_guard hold(all.lock);
  count_worn(1);
  push(all.of_class[s->size_class].worn, s);
}

bool any_worn() noexcept { return all.worn_count.load(std::memory_order_relaxed) != 0; }

void tidy() noexcept {
  if (!any_worn()) return;
  const std::int64_t until = monotonic_ns() + tidying_ns;
  for (class_depot& d : all.of_class) tidy(d, until);
}

void tidy_all() noexcept {
  while (any_worn()) tidy();
}

std::size_t of_guard(const void* address) noexcept {
  const slab* s = find(address);
  if (s == nullptr) return 0;
  const std::size_t each = bytes_of_class(s->size_class);
  const std::size_t offset = static_cast<std::size_t>(static_cast<const char*>(address) - s->base) % each;
  return offset < stack::guard_bytes ? each - stack::guard_bytes : 0;
}

std::size_t of_address(const void* address) noexcept {
  const slab* s = find(address);
  return s == nullptr ? 0 : bytes_of_class(s->size_class) - stack::guard_bytes;
}

}  // namespace stacks

void stack_cache::drain() noexcept {
  while (stack* s = head_) {
    head_ = s->next;
    size_ = size_ - 1;
    stacks::give(s);
  }
}

void stack_cache::give_last(stack* s) noexcept {
  s->next = nullptr;
  size_ = size_ + 1;
  stack* last = head_;
  if (last == nullptr) {
    head_ = s;
    return;
  }
  while (last->next != nullptr) last = last->next;
  last->next = s;
}

}  // namespace warren::runtime
