// SPDX-License-Identifier: MIT
// This program's operator new, which the plan of faults can make fail.

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

#include "fault_plan.hpp"

namespace {

constinit std::atomic<std::int64_t> live{0};

void* allocate(std::size_t bytes, std::size_t align) noexcept {
  if (warren::tests::consult_plan(warren::tests::place::in_new) != 0) return nullptr;
  void* at = align <= __STDCPP_DEFAULT_NEW_ALIGNMENT__
                 ? std::malloc(bytes == 0 ? 1 : bytes)
                 : std::aligned_alloc(align, (bytes + align - 1) / align * align);
  if (at != nullptr) live.fetch_add(1, std::memory_order_relaxed);
  return at;
}

void* allocate_or_throw(std::size_t bytes, std::size_t align) {
  if (void* at = allocate(bytes, align)) return at;
  throw std::bad_alloc();
}

void give_back(void* at) noexcept {
  if (at != nullptr) live.fetch_sub(1, std::memory_order_relaxed);
  std::free(at);
}

constexpr std::size_t usual = __STDCPP_DEFAULT_NEW_ALIGNMENT__;

}  // namespace

std::int64_t warren::tests::live_allocations() noexcept { return live.load(std::memory_order_relaxed); }

void* operator new(std::size_t bytes) { return allocate_or_throw(bytes, usual); }
void* operator new[](std::size_t bytes) { return allocate_or_throw(bytes, usual); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return allocate(bytes, usual); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return allocate(bytes, usual); }
void* operator new(std::size_t bytes, std::align_val_t a) {
  return allocate_or_throw(bytes, static_cast<std::size_t>(a));
}
void* operator new[](std::size_t bytes, std::align_val_t a) {
  return allocate_or_throw(bytes, static_cast<std::size_t>(a));
}
void* operator new(std::size_t bytes, std::align_val_t a, const std::nothrow_t&) noexcept {
  return allocate(bytes, static_cast<std::size_t>(a));
}
void* operator new[](std::size_t bytes, std::align_val_t a, const std::nothrow_t&) noexcept {
  return allocate(bytes, static_cast<std::size_t>(a));
}
void operator delete(void* at) noexcept { give_back(at); }
void operator delete[](void* at) noexcept { give_back(at); }
void operator delete(void* at, std::size_t) noexcept { give_back(at); }
void operator delete[](void* at, std::size_t) noexcept { give_back(at); }
void operator delete(void* at, const std::nothrow_t&) noexcept { give_back(at); }
void operator delete[](void* at, const std::nothrow_t&) noexcept { give_back(at); }
void operator delete(void* at, std::align_val_t) noexcept { give_back(at); }
void operator delete[](void* at, std::align_val_t) noexcept { give_back(at); }
void operator delete(void* at, std::size_t, std::align_val_t) noexcept { give_back(at); }
void operator delete[](void* at, std::size_t, std::align_val_t) noexcept { give_back(at); }
void operator delete(void* at, std::align_val_t, const std::nothrow_t&) noexcept { give_back(at); }
void operator delete[](void* at, std::align_val_t, const std::nothrow_t&) noexcept { give_back(at); }
