// SPDX-License-Identifier: MIT
#include "dump.hpp"

#include <algorithm>
#include <cstdlib>

#include "goroutine_pool.hpp"
#include "report.hpp"
#include "stopped_threads.hpp"
#include "system.hpp"
#include "trace.hpp"

namespace warren::runtime {

namespace {

bool is_goroutine(const goroutine* g) noexcept { return g != nullptr && !g->has(goroutine::is_thread); }

/// The goroutine's own thread wrote it before it went to sleep or was stopped, which no race detector can see.
__attribute__((no_sanitize("thread"))) const void* context_of(const goroutine* g) noexcept { return g->context; }

const char* reason_of(const goroutine* g) noexcept {
  const park_kind* kind = g->kind;
  return text_of(kind != nullptr ? kind->reason : wait_reason::none);
}

const thread* thread_of(const goroutine* g) noexcept {
  const thread* found = nullptr;
  for_each_thread([&](thread* t) {
    if (t->current == g) found = t;
  });
  return found;
}

/// Inside blocking() a goroutine keeps its thread, and says so as if it waited.
bool in_a_blocking_call(const goroutine* g) noexcept {
  const park_kind* kind = g->kind;
  return kind != nullptr && kind->reason == wait_reason::blocking_call;
}

const char* status_of(const goroutine* g) noexcept {
  switch (g->state.load(std::memory_order_relaxed)) {
    case goroutine_state::parked: return reason_of(g);
    case goroutine_state::running: return in_a_blocking_call(g) ? reason_of(g) : "running";
    default: return "runnable";
  }
}

void print_status(text_writer& out, const goroutine* g, const char* status) noexcept {
  out << " [" << status << (g->has(goroutine::locked) ? ", locked to thread]:\n" : "]:\n");
}

void print_origin(text_writer& out, const goroutine* g) noexcept {
  if (g->created_at.get() == nullptr) return;
  out << "created by ";
  print_creation(out, g->created_at, g->creator);
}

void print_goroutine(text_writer& out, const goroutine* g, const char* status, const stack_trace* trace) noexcept {
  print_goroutine_title(out, g->id, g->name);
  print_status(out, g, status);
  if (trace != nullptr) print_trace(out, *trace);
  print_origin(out, g);
}

/// One that is not the caller's.
void print_other(text_writer& out, const goroutine* g) noexcept {
  const char* status = status_of(g);
  if (g->state.load(std::memory_order_relaxed) != goroutine_state::running) {
    stack_trace trace;
    const void* context = context_of(g);
    if (context != nullptr) trace_switched_away(trace, context);
    return print_goroutine(out, g, status, context != nullptr ? &trace : nullptr);
  }
  if (const stopped_thread* s = find_stopped(thread_of(g))) return print_goroutine(out, g, status, &s->trace);
  print_goroutine_title(out, g->id, g->name);
  print_status(out, g, status);
  out << "\tgoroutine running on other thread; stack unavailable\n";
  print_origin(out, g);
}

/// All goroutines by id, in batches, because memory cannot be had for any number of them.
class by_id {
 public:
  template <class F>
  void for_each(F&& f) noexcept {
    done_ = 0;
    do {
      gather();
      for (std::size_t i = 0; i < size_; ++i) f(batch_[i].g);
      if (size_ > 0) done_ = batch_[size_ - 1].id;
    } while (size_ == room);
  }

 private:
  static constexpr std::size_t room = 16 * 1024;

  struct entry {
    std::uint64_t id;
    const goroutine* g;
    bool operator<(const entry& other) const noexcept { return id < other.id; }
  };

  /// The `room` goroutines with the lowest ids above `done_`.
  void gather() noexcept {
    size_ = 0;
    for_each_goroutine([this](const goroutine* g) {
      const entry e{g->id, g};
      if (e.id <= done_ || g->left_over.load(std::memory_order_relaxed)) return;
      if (size_ == room) {
        if (!(e < batch_[0])) return;
        std::pop_heap(batch_, batch_ + size_--);
      }
      batch_[size_++] = e;
      std::push_heap(batch_, batch_ + size_);
    });
    std::sort_heap(batch_, batch_ + size_);
  }

  std::uint64_t done_ = 0;
  std::size_t size_ = 0;
  entry batch_[room] = {};
};

constinit by_id all_goroutines;  // too big for a signal stack; the report's turn guards it

void print_waiting_thread(text_writer& out, const thread* t) noexcept {
  out << "thread " << t->id.get() << " [" << reason_of(&t->self) << "]:\n";
  if (const stopped_thread* s = find_stopped(t)) print_trace(out, s->trace);
}

bool waits_in_the_library(const thread* t) noexcept {
  return t->id != 0 && t->as_worker == nullptr &&
         t->self.state.load(std::memory_order_relaxed) == goroutine_state::parked;
}

const goroutine* callers_goroutine() noexcept {
  const thread* t = this_thread();
  const goroutine* g = t != nullptr ? t->current.get() : nullptr;
  return is_goroutine(g) ? g : nullptr;
}

}  // namespace

void print_running(text_writer& out, const stack_trace& trace) noexcept {
  if (const goroutine* g = callers_goroutine()) return print_goroutine(out, g, "running", &trace);
  const thread* t = this_thread();
  const bool waits = t != nullptr && waits_in_the_library(t);
  out << "thread " << sys::thread_id() << " [" << (waits ? reason_of(&t->self) : "running") << "]:\n";
  print_trace(out, trace);
}

void dump_all(text_writer& out, const stack_trace* own) noexcept {
  const char* between = "";
  const auto begin_next = [&] {
    out << between;
    between = "\n";
    out.flush();
  };
  const goroutine* mine = own != nullptr ? callers_goroutine() : nullptr;
  const thread* caller = this_thread();
  const bool idle_worker = mine == nullptr && caller != nullptr && caller->as_worker != nullptr;
  if (own != nullptr && !idle_worker) {
    begin_next();
    print_running(out, *own);
  }
  all_goroutines.for_each([&](const goroutine* g) {
    if (g == mine) return;
    begin_next();
    print_other(out, g);
  });
  for_each_thread([&](thread* t) {
    if (!waits_in_the_library(t) || (own != nullptr && t == caller)) return;
    begin_next();
    print_waiting_thread(out, t);
  });
  out.flush();
}

void report_deadlock() noexcept {
  constexpr std::int64_t patience_ns = 200'000'000;
  begin_last_report();
  text_writer out;
  out << "fatal error: all goroutines are asleep - deadlock!\n\n";
  out.flush();
  stop_other_threads(patience_ns);
  dump_all(out, nullptr);
  end_by_report();
}

}  // namespace warren::runtime
