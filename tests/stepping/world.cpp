// SPDX-License-Identifier: MIT
#include "world.hpp"

#include <algorithm>
#include <boost/context/detail/fcontext.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

#include <warren/runtime/exception_state.hpp>
#include <warren/runtime/thread.hpp>

namespace warren::stepping {

bool exploring = false;

void step(access what, const void* at, const where& from) noexcept {
  ::stepping::the_world.step(static_cast<std::uint8_t>(what), at, from);
}
void note(std::uint64_t value) noexcept { ::stepping::the_world.note(value); }
void changed(std::uint64_t to) noexcept { ::stepping::the_world.changed(to); }
void buffer(void* at, std::uint64_t value, unsigned size) noexcept { ::stepping::the_world.buffer(at, value, size); }
bool find_buffered(const void* at, std::uint64_t& value) noexcept {
  return ::stepping::the_world.find_buffered(at, value);
}
void write_buffer_out() noexcept { ::stepping::the_world.write_buffer_out(); }
void made(const void* at) noexcept { ::stepping::the_world.made(at); }
void gone(void* at) noexcept { ::stepping::the_world.gone(at); }

}  // namespace warren::stepping

namespace stepping {

world the_world;

namespace {

using boost::context::detail::jump_fcontext;
using boost::context::detail::make_fcontext;
using boost::context::detail::transfer_t;

constexpr std::size_t stack_bytes = 256 * 1024;
constexpr std::uint64_t most_steps = 2'000'000;
constexpr std::uint32_t most_at_a_priority = 2'000;  // steps
constexpr std::int64_t first_moment = 1'000'000'000'000;  // of the clock

}  // namespace

// --- threads

/// The first frame of a simulated thread.
struct thread_entry {
  static void run(transfer_t from) {
    arrive(from);
    the_world.current().run();
    the_world.leave_thread();
  }

  /// Whoever arrives stores where the one that left goes on.
  static void arrive(transfer_t from) noexcept { *static_cast<void**>(from.data) = from.fctx; }
};

namespace {

void save(void*& library_thread, void* (&exceptions)[2]) noexcept {
  library_thread = warren::runtime::this_thread();
  std::memcpy(exceptions, warren::runtime::find_exception_state(), sizeof exceptions);
}

void restore(void* library_thread, void* const (&exceptions)[2]) noexcept {
  warren::runtime::set_this_thread(static_cast<warren::runtime::thread*>(library_thread));
  std::memcpy(static_cast<void*>(warren::runtime::find_exception_state()), exceptions, sizeof exceptions);
}

}  // namespace

static_assert(sizeof(warren::runtime::exception_state) == sizeof(void* [2]));

void world::begin(std::uint64_t seed, strategy how) {
  how_ = how;
  random_ = (seed + 1) * 0x9E3779B97F4A7C15ULL | 1;
  for (int i = 0; i < 4; ++i) random();
  count_ = 0;
  steps_ = 0;
  now_ = first_moment;
  lowest_ = 0;
  preemptions_left_ = bounds_.preemptions;
  late_left_ = bounds_.late_stores;
  at_fork_ = 0;
  traced_ = 0;
  timeouts_ = true;
  constexpr std::uint32_t stays[] = {0, 0, 4, 7};
  constexpr std::uint32_t lateness[] = {2, 4, 4, 32};
  constexpr std::uint32_t patience[] = {512, 512, 512, 32};
  stays_ = stays[below(4)];
  patience_ = patience[below(4)];
  lateness_ = lateness[below(4)];
  constexpr std::uint32_t calm[] = {128, 64, 32, 16};
  constexpr std::uint32_t startles[] = {0, 4, 16, 64};
  calm_ = calm[below(4)];
  startles_ = startles[below(4)];
  change_count_ = static_cast<int>(below(4));
  for (int i = 0; i < change_count_; ++i) changes_[i] = 1 + below(static_cast<std::uint32_t>(usual_steps_));
  // What the library draws by chance depends on the schedule alone.
  for (warren::runtime::thread* t = warren::runtime::first_thread_record(); t != nullptr; t = t->next_record) {
    t->random = warren::runtime::choice(seed * 31 + 7);
  }
}

void world::thread(body b) {
  int place = 0;
  while (place < count_ && all_[place].is != condition::ended) ++place;
  if (place == most_threads) fail("more threads than a schedule may have");
  if (place == count_) ++count_;
  simulated& t = all_[place];
  if (t.stack == nullptr) t.stack = static_cast<char*>(std::aligned_alloc(4096, stack_bytes));
  t.run = std::move(b);
  t.is = condition::ready;
  t.number = ++begun_;
  t.gave_way = t.timed_out = false;
  t.word = nullptr;
  t.deadline = no_deadline;
  t.first = t.end = 0;
  t.steps = 0;
  t.priority = how_ == strategy::pct ? 1'000 + static_cast<std::int32_t>(below(1'000'000)) : 0;
  t.library_thread = nullptr;
  t.exceptions[0] = t.exceptions[1] = nullptr;
  t.context = make_fcontext(t.stack + stack_bytes, stack_bytes, thread_entry::run);
}

void world::run() {
  save(explorer_library_thread_, explorer_exceptions_);
  warren::stepping::exploring = true;
  const int first = pick();
  if (first >= 0) jump_to(first);
  warren::stepping::exploring = false;
  ++total_.schedules;
  total_.steps += steps_;
  if (steps_ > usual_steps_) usual_steps_ = steps_;
}

void world::jump_to(int next) {
  const int before = running_;
  void** left = before >= 0 ? &all_[before].context : &explorer_;
  if (before >= 0) save(all_[before].library_thread, all_[before].exceptions);
  running_ = next;
  if (next >= 0) {
    restore(all_[next].library_thread, all_[next].exceptions);
  } else {
    restore(explorer_library_thread_, explorer_exceptions_);
  }
  thread_entry::arrive(jump_fcontext(next >= 0 ? all_[next].context : explorer_, left));
}

void world::leave_thread() {
  simulated& t = current();
  while (!t.exits.empty()) {
    const exit_call c = t.exits.back();
    t.exits.pop_back();
    c.f(c.argument);
  }
  t.run = nullptr;
  write_all(t);
  t.is = condition::ended;
  jump_to(pick());
}

int world::thread_number() const noexcept { return running_ >= 0 ? all_[running_].number : 0; }

bool world::has_ended(int thread_number) const noexcept {
  return std::none_of(all_, all_ + count_, [&](const simulated& t) {
    return t.number == thread_number && t.is != condition::ended;
  });
}

void world::at_exit(void (*f)(void*), void* argument) { current().exits.push_back({f, argument}); }

// --- who is next

std::uint64_t world::random() noexcept {
  random_ ^= random_ >> 12;
  random_ ^= random_ << 25;
  random_ ^= random_ >> 27;
  return random_ * 0x2545F4914F6CDD1DULL;
}

std::uint32_t world::below(std::uint32_t n) noexcept {
  return static_cast<std::uint32_t>(((random() >> 32) * n) >> 32);
}

/// A fork of the bounded walk: which of n ways this schedule takes.
std::uint32_t world::branch(std::uint32_t n) {
  if (n <= 1) return 0;
  if (at_fork_ == path_.size()) path_.push_back({0, n});
  if (path_[at_fork_].of != n) fail("the same choices led elsewhere: the kernel is not deterministic");
  return path_[at_fork_++].taken;
}

bool world::next_bounded() {
  while (!path_.empty()) {
    if (++path_.back().taken < path_.back().of) return true;
    path_.pop_back();
  }
  return false;
}

std::uint32_t world::choose(std::uint32_t n) { return how_ == strategy::bounded ? branch(n) : below(n); }

int world::find_ready(int* ready) {
  int n = 0;
  for (int i = 0; i < count_; ++i) {
    if (all_[i].is == condition::ready && !all_[i].gave_way) ready[n++] = i;
  }
  if (n > 0) return n;
  // All of them gave way: one after the other they look again, perhaps for somebody who sleeps.
  wake_earliest();
  for (int i = 0; i < count_; ++i) {
    all_[i].gave_way = false;
    if (all_[i].is == condition::ready) ready[n++] = i;
  }
  return n;
}

int world::pick_random(const int* ready, int n) {
  if (stays_ != 0 && may_stay() && below(8) < stays_) return running_;
  return ready[below(static_cast<std::uint32_t>(n))];
}

int world::pick_by_priority(const int* ready, int n) {
  int best = ready[0];
  for (int i = 1; i < n; ++i) {
    if (all_[ready[i]].priority > all_[best].priority) best = ready[i];
  }
  for (int i = 0; i < change_count_; ++i) {
    if (changes_[i] == steps_) lower_priority(all_[best]);
  }
  return best;
}

/// The running thread goes on unless a preemption is spent; when it cannot, every other is tried.
int world::pick_bounded(const int* ready, int n) {
  if (!may_stay()) return ready[branch(static_cast<std::uint32_t>(n))];
  if (preemptions_left_ == 0 || n == 1) return running_;
  const auto way = static_cast<int>(branch(static_cast<std::uint32_t>(n)));
  if (way == 0) return running_;
  --preemptions_left_;
  int others = 0;
  for (int i = 0; i < n; ++i) {
    if (ready[i] != running_ && ++others == way) return ready[i];
  }
  return running_;
}

/// The next to step, -1 when all have ended.
int world::pick() {
  int ready[most_threads];
  for (;;) {
    const int n = find_ready(ready);
    if (n == 0) {
      bool any = false;
      for (int i = 0; i < count_; ++i) any = any || all_[i].is != condition::ended;
      if (!any) return -1;
      if (wake_earliest()) continue;
      fail(timeouts_ ? "everybody waits for ever" : "everybody waits, though somebody should go on without a deadline");
    }
    switch (how_) {
      case strategy::random: return pick_random(ready, n);
      case strategy::pct: return pick_by_priority(ready, n);
      case strategy::bounded: return pick_bounded(ready, n);
    }
  }
}

// --- waiting

/// Time goes on to the earliest deadline. False: there is none. A sleep, as in a spinlock whose holder is slow, is no wait
/// that others could end, and always over when its time has come.
bool world::wake_earliest() {
  simulated* first = nullptr;
  for (int i = 0; i < count_; ++i) {
    simulated& t = all_[i];
    if (t.is != condition::waiting || t.deadline == no_deadline || (!timeouts_ && t.word != nullptr)) continue;
    if (first == nullptr || t.deadline < first->deadline) first = &t;
  }
  if (first == nullptr) return false;
  if (now_ < first->deadline) now_ = first->deadline;
  first->is = condition::ready;
  first->timed_out = true;
  return true;
}

void world::wake_for_nothing() {
  simulated& t = all_[below(static_cast<std::uint32_t>(count_))];
  if (t.is != condition::waiting || t.word == nullptr) return;
  --startles_;
  t.is = condition::ready;
}

void world::wait(const void* word, std::int64_t deadline) {
  simulated& t = current();
  t.word = word;
  t.deadline = deadline < 0 ? no_deadline : deadline;
  t.timed_out = false;
  t.is = condition::waiting;
  const int next = pick();
  if (next != running_) jump_to(next);
  t.word = nullptr;
  t.deadline = no_deadline;
}

world::end_of_wait world::wait_on(const void* word, std::int64_t deadline) {
  wait(word, deadline);
  return current().timed_out ? end_of_wait::timed_out : end_of_wait::woken;
}

void world::wake(const void* word, int threads) {
  int waiting[most_threads];
  int n = 0;
  for (int i = 0; i < count_; ++i) {
    if (all_[i].is == condition::waiting && all_[i].word == word) waiting[n++] = i;
  }
  while (n > 0 && threads-- > 0) {
    const auto which = static_cast<int>(choose(static_cast<std::uint32_t>(n)));
    all_[waiting[which]].is = condition::ready;
    waiting[which] = waiting[--n];
  }
}

void world::sleep_until(std::int64_t deadline) { wait(nullptr, deadline); }

void world::give_way() {
  if (++steps_ > most_steps) fail("it does not end");
  simulated& t = current();
  t.gave_way = true;
  lower_priority(t);
  const int next = pick();
  if (next != running_) jump_to(next);
}

// --- steps

void world::step(std::uint8_t what, const void* at, const std::source_location& from) {
  let_others_go();
  trace_[traced_++ % trace_room] = {at, from, 0, static_cast<std::uint8_t>(running_), what};
  must_be_there(at);
}

void world::changed(std::uint64_t to) {
  note(to);
  if (how_ != strategy::bounded && (random() & 7) == 0) let_others_go();
}

void world::let_others_go() {
  if (++steps_ > most_steps) fail("it does not end");
  for (int i = 0; i < count_; ++i) {
    if (i != running_) all_[i].gave_way = false;
  }
  write_some();
  if (timeouts_ && how_ != strategy::bounded && below(patience_) == 0) wake_earliest();
  if (startles_ != 0 && how_ != strategy::bounded && below(calm_) == 0) wake_for_nothing();
  // Who goes on for long may be waiting in a loop for somebody with a lower priority.
  if (++current().steps == most_at_a_priority) lower_priority(current());
  const int next = pick();
  if (next != running_) jump_to(next);
}

void world::pause() {
  step(static_cast<std::uint8_t>(warren::stepping::access::call), nullptr, std::source_location::current());
}

// --- store buffers

void world::write_first(simulated& t) noexcept {
  const pending& p = t.stores[t.first++ % room];
  std::memcpy(p.at, &p.value, p.size);
}

void world::write_all(simulated& t) noexcept {
  while (t.first != t.end) write_first(t);
}

void world::write_buffer_out() noexcept { write_all(current()); }

/// By chance; in the bounded walk stores are written out when their thread is left, but for the late ones.
void world::write_some() {
  if (how_ == strategy::bounded) return;
  if (below(lateness_) != 0) return;
  simulated& t = all_[below(static_cast<std::uint32_t>(count_))];
  if (t.first != t.end) write_first(t);
}

void world::buffer(void* at, std::uint64_t value, unsigned size) {
  simulated& t = current();
  if (how_ == strategy::bounded) {
    // A store that is late holds back those after it.
    if (t.first == t.end && (late_left_ == 0 || branch(2) == 0)) {
      std::memcpy(at, &value, size);
      return;
    }
    if (t.first == t.end) --late_left_;
  }
  if (t.end - t.first == room) write_first(t);
  t.stores[t.end++ % room] = {at, value, size};
}

bool world::find_buffered(const void* at, std::uint64_t& value) const noexcept {
  const simulated& t = all_[running_];
  for (unsigned i = t.end; i != t.first; --i) {
    const pending& p = t.stores[(i - 1) % room];
    if (p.at != at) continue;
    value = p.value;
    return true;
  }
  return false;
}

// --- atomics that are gone

void world::made(const void* at) noexcept {
  grave& g = grave_of(at);
  if (g.at == at) g.at = nullptr;
}

void world::gone(void* at) noexcept {
  for (int i = 0; i < count_; ++i) {
    simulated& t = all_[i];
    for (unsigned k = t.first; k != t.end; ++k) {
      pending& p = t.stores[k % room];
      if (p.at != at) continue;
      if (i != running_) fail("a store that is still on its way to memory would hit a variable that is gone");
      p.size = 0;
    }
  }
  grave_of(at) = {at, total_.schedules};
}

void world::must_be_there(const void* at) noexcept {
  const grave& g = grave_of(at);
  if (at != nullptr && g.at == at && g.schedule == total_.schedules) fail("a variable that is gone is accessed");
}

// --- failure

void world::name_failures(const char* kernel, const char* command) noexcept {
  kernel_ = kernel;
  command_ = command;
}

void world::check(bool so, const char* otherwise) {
  if (!so) fail(otherwise);
}

void world::print_trace() noexcept {
  constexpr std::uint64_t shown = 200;
  static constexpr const char* names[] = {"load", "store", "exchange", "fence", "call"};
  std::uint64_t i = traced_ > shown ? traced_ - shown : 0;
  for (; i < traced_; ++i) {
    const access_record& a = trace_[i % trace_room];
    const char* file = a.from.file_name();
    for (const char* c = file; *c != 0; ++c) {
      if (*c == '/') file = c + 1;
    }
    std::fprintf(stderr, "  thread %d  %-8s %14p = %-18llx %s:%u\n", a.thread, names[a.what], a.at,
                 static_cast<unsigned long long>(a.value), file, a.from.line());
  }
  for (int t = 0; t < count_; ++t) {
    static constexpr const char* conditions[] = {"has ended", "is ready", "waits"};
    std::fprintf(stderr, "  thread %d %s%s\n", t, conditions[static_cast<int>(all_[t].is)],
                 all_[t].first != all_[t].end ? ", with stores on their way" : "");
  }
}

void world::fail(const char* why) noexcept {
  warren::stepping::exploring = false;
  std::fflush(stdout);
  std::fprintf(stderr, "%s: %s\nschedule %llu (%s), the last steps:\n", kernel_, why,
               static_cast<unsigned long long>(total_.schedules),
               how_ == strategy::random ? "random"
               : how_ == strategy::pct  ? "PCT"
                                        : "bounded");
  print_trace();
  std::fprintf(stderr, "again: %s\n", command_);
  _exit(1);
}

}  // namespace stepping
