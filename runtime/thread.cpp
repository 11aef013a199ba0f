// SPDX-License-Identifier: MIT
#include "thread.hpp"

#include <new>

#include "fatal.hpp"
#include "system.hpp"

extern "C" {
// `used`: link-time optimisation does not see that inline assembly names it.
[[gnu::used]] thread_local constinit warren::runtime::thread* warren_this_thread = nullptr;
}

namespace warren::runtime {

namespace {

constinit std::atomic<thread*> records{nullptr};

void thread_ended(void* raw) {
  auto* t = static_cast<thread*>(raw);
  set_this_thread(nullptr);
  t->id = 0;
  t->in_use.store(false, std::memory_order_release);  // pairs with the acquire in take_free_record()
}

thread* take_free_record() noexcept {
  for (thread* t = first_thread_record(); t != nullptr; t = t->next_record) {
    bool free = false;
    if (t->as_worker != nullptr) continue;
    // Acquire: pairs with the release in thread_ended().
    if (t->in_use.compare_exchange_strong(free, true, std::memory_order_acquire)) return t;
  }
  return nullptr;
}

}  // namespace

void set_this_thread(thread* t) noexcept {
#if defined(__x86_64__)
  void* at;
  asm volatile("movq warren_this_thread@gottpoff(%%rip), %0\n\tmovq %1, %%fs:(%0)" : "=&r"(at) : "r"(t) : "memory");
#else
  warren_this_thread = t;
#endif
}

thread* first_thread_record() noexcept {
  // Acquire: pairs with the release in list_thread().
  return records.load(std::memory_order_acquire);
}

void list_thread(thread* t) noexcept {
  t->next_record = records.load(std::memory_order_relaxed);
  // Release: pairs with the acquire in first_thread_record(); publishes the record.
  while (!records.compare_exchange_weak(t->next_record, t, std::memory_order_release, std::memory_order_relaxed)) {
  }
}

thread* adopt_this_thread() noexcept {
  if (thread* known = this_thread()) return known;
  thread* t = take_free_record();
  if (t == nullptr) {
    t = new (std::nothrow) thread;
    if (t == nullptr) fatal("out of memory");
    t->random = choice::next_stream();
    t->self.set(goroutine::is_thread);
    t->in_use.store(true, std::memory_order_relaxed);
    list_thread(t);
  }
  t->id = sys::thread_id();
  t->exceptions = find_exception_state();
  t->current = &t->self;
  t->self.state.store(goroutine_state::running, std::memory_order_relaxed);
  set_this_thread(t);
  sys::at_thread_exit(thread_ended, t);
  return t;
}

}  // namespace warren::runtime
