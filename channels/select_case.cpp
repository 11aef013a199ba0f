// SPDX-License-Identifier: MIT
#include "select_case.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "../errors/panic.hpp"
#include "select_any.hpp"

namespace warren {

namespace channels {
namespace {

/// Memory for the waiters and the rooms of one select; a few cases do without the heap.
class select_memory {
 public:
  explicit select_memory(std::size_t bytes) {
    if (bytes > sizeof(few_)) {
      more_ = std::make_unique_for_overwrite<std::byte[]>(bytes);
      next_ = more_.get();
    }
  }

  template <class T>
  T* take(std::size_t n) noexcept {
    return static_cast<T*>(take(n * sizeof(T), alignof(T)));
  }

  void* take(std::size_t bytes, std::size_t align) noexcept {
    const auto at = (reinterpret_cast<std::uintptr_t>(next_) + align - 1) & ~(std::uintptr_t(align) - 1);
    next_ = reinterpret_cast<std::byte*>(at + bytes);
    return reinterpret_cast<void*>(at);
  }

 private:
  std::byte few_[1024];
  std::unique_ptr<std::byte[]> more_;
  std::byte* next_ = few_;
};

}  // namespace

/// One select over cases that are known at run time only.
class run_time_select {
 public:
  explicit run_time_select(std::span<select_case> cases) : cases_(cases), memory_(bytes_for(cases)) {
    rooms_ = memory_.take<void*>(cases.size());
    waiters_ = memory_.take<channel_waiter>(cases.size());
    try {
      for (const select_case& c : cases) add(c.what_);
    } catch (...) {
      end_all();
      throw;
    }
  }
  run_time_select(const run_time_select&) = delete;
  run_time_select& operator=(const run_time_select&) = delete;
  ~run_time_select() { end_all(); }

  int run() {
    const int position = channels::select_any({waiters_, std::size_t(n_waiters_)}, otherwise_ >= 0);
    const bool is_otherwise = position == chose_otherwise;
    const int chosen = is_otherwise ? otherwise_ : index_of(position);
    const bool ok = !is_otherwise && waiters_[position].success;
    // The handler may change the program's list of cases.
    const select_case kept = cases_[std::size_t(chosen)];
    void* room = rooms_[chosen];
    end_all(chosen);
    const ender end_after{kept.what_, room};
    kept.what_->complete(room, ok);
    return chosen;
  }

 private:
  struct ender {
    owned_case* what;
    void* room;
    ~ender() { what->end(room); }
  };

  static std::size_t bytes_for(std::span<select_case> cases) {
    std::size_t bytes = cases.size() * (sizeof(void*) + sizeof(channel_waiter)) + alignof(std::max_align_t);
    for (const select_case& c : cases) {
      if (c.what_ != nullptr) bytes += c.what_->room_bytes() + c.what_->room_align() - 1;
    }
    return bytes;
  }

  void add(owned_case* what) {
    if (what != nullptr && what->is_otherwise()) {
      if (otherwise_ >= 0) panic("reflect.Select: multiple default cases");
      otherwise_ = n_;
      rooms_[n_++] = nullptr;
      return;
    }
    channel_waiter& w = *::new (waiters_ + n_waiters_) channel_waiter;
    rooms_[n_] = nullptr;
    if (what != nullptr) {
      rooms_[n_] = memory_.take(what->room_bytes(), what->room_align());
      what->fill(w, rooms_[n_]);
    }
    ++n_;
    ++n_waiters_;
  }

  int index_of(int position) const noexcept {
    return otherwise_ >= 0 && position >= otherwise_ ? position + 1 : position;
  }

  void end_all(int except = -1) noexcept {
    for (int i = 0; i != n_; ++i) {
      owned_case* what = cases_[std::size_t(i)].what_;
      if (i != except && what != nullptr) what->end(rooms_[i]);
    }
    n_ = 0;
  }

  std::span<select_case> cases_;
  select_memory memory_;
  void** rooms_;
  channel_waiter* waiters_;
  int n_ = 0;          ///< cases that were filled and not ended
  int n_waiters_ = 0;
  int otherwise_ = -1;
};

}  // namespace channels

int select(std::span<select_case> cases) { return channels::run_time_select(cases).run(); }

}  // namespace warren
