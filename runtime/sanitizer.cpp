// SPDX-License-Identifier: MIT
#include "sanitizer.hpp"

#include <cstdint>

#if __has_include(<valgrind/valgrind.h>) && defined(WARREN_VALGRIND)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#define VALGRIND_STACK_REGISTER(start, end) 0
#endif

extern "C" {
[[gnu::weak]] void __sanitizer_start_switch_fiber(void** fake_stack_save, const void* bottom, std::size_t size);
[[gnu::weak]] void __sanitizer_finish_switch_fiber(void* fake_stack, const void** old_bottom, std::size_t* old_size);
[[gnu::weak]] void __asan_unpoison_memory_region(void const volatile* at, std::size_t size);
[[gnu::weak]] void __lsan_register_root_region(const void* at, std::size_t size);
[[gnu::weak]] void* __tsan_get_current_fiber();
[[gnu::weak]] void* __tsan_create_fiber(unsigned flags);
[[gnu::weak]] void __tsan_destroy_fiber(void* fiber);
[[gnu::weak]] void __tsan_switch_to_fiber(void* fiber, unsigned flags);
[[gnu::weak]] void __tsan_acquire(void* at);
[[gnu::weak]] void __tsan_release(void* at);
}

namespace warren::runtime::sanitizer {

namespace {

// Without it every switch would order all goroutines of a thread, and races between them would stay hidden.
constexpr unsigned no_sync = 1;

bool address_tool() noexcept { return __sanitizer_start_switch_fiber != nullptr; }
bool thread_tool() noexcept { return __tsan_switch_to_fiber != nullptr; }

}  // namespace

bool watching_switches = address_tool() || thread_tool();

bool needs_plain_guards() noexcept {
  return address_tool() || __lsan_register_root_region != nullptr || RUNNING_ON_VALGRIND != 0;
}

bool has_own_thread() noexcept { return thread_tool(); }

// Unseen: a record goes from thread to thread, which orders nothing else of what they did.
WARREN_UNSEEN_BY_SANITIZERS void adopt(fiber& own) noexcept {
  if (thread_tool()) own.thread_sanitizer = __tsan_get_current_fiber();
}

void begin(fiber& f, const void* bottom, std::size_t bytes) noexcept {
  f.bottom = bottom;
  f.bytes = bytes;
  f.fake_stack = nullptr;
  if (thread_tool()) f.thread_sanitizer = __tsan_create_fiber(0);
}

void leaving(fiber& from, fiber& to, bool last) noexcept {
  if (address_tool()) __sanitizer_start_switch_fiber(last ? nullptr : &from.fake_stack, to.bottom, to.bytes);
}

WARREN_UNSEEN_BY_SANITIZERS void step_out(fiber& worker_own) noexcept {
  if (!thread_tool()) return;
  __tsan_release(&worker_own);
  __tsan_switch_to_fiber(worker_own.thread_sanitizer, no_sync);
  __tsan_acquire(&worker_own);
}

WARREN_UNSEEN_BY_SANITIZERS void step_in(fiber& f, void* key) noexcept {
  if (!thread_tool()) return;
  __tsan_switch_to_fiber(f.thread_sanitizer, no_sync);
  __tsan_acquire(key);
}

void arrived(fiber& on, fiber* thread_own) noexcept {
  if (!address_tool()) return;
  const void* bottom = nullptr;
  std::size_t bytes = 0;
  __sanitizer_finish_switch_fiber(on.fake_stack, &bottom, &bytes);
  on.fake_stack = nullptr;
  if (thread_own == nullptr) return;
  thread_own->bottom = bottom;
  thread_own->bytes = bytes;
}

void end(fiber& f) noexcept {
  if (thread_tool() && f.thread_sanitizer != nullptr) __tsan_destroy_fiber(f.thread_sanitizer);
  f = {};
}

void forget(const void* bottom, std::size_t bytes) noexcept {
  if (__asan_unpoison_memory_region != nullptr) __asan_unpoison_memory_region(bottom, bytes);
}

void add_root(const void* at, std::size_t bytes) noexcept {
  if (__lsan_register_root_region != nullptr) __lsan_register_root_region(at, bytes);
}

unsigned register_stack([[maybe_unused]] const void* bottom, [[maybe_unused]] const void* top) noexcept {
  return static_cast<unsigned>(VALGRIND_STACK_REGISTER(bottom, static_cast<const char*>(top) - 1));
}

void hand_over_begin(void* key) noexcept {
  if (__tsan_release != nullptr) __tsan_release(key);
}

void hand_over_end(void* key) noexcept {
  if (__tsan_acquire != nullptr) __tsan_acquire(key);
}

}  // namespace warren::runtime::sanitizer
