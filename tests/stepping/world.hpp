// SPDX-License-Identifier: MIT
#pragma once

// Simulated threads on one operating-system thread, whose every shared access is a step, and the explorer that decides
// which of them steps next and when what a thread has stored reaches memory.
//
// Laws
//   * One schedule at a time: begin(), thread() for each of the first threads, run(). A schedule depends on its seed and
//     on what went before in this process, and on nothing else: the same command finds the same.
//   * A thread waits only in the calls of the seam that system.cpp puts in the place of the system's. Who waits with a
//     deadline wakes when nobody else can run but to give way, at times earlier; who waits without one, when nobody can
//     run and no deadline is left, makes the schedule fail: that is how a lost wake-up looks. In some schedules a wait ends
//     for nothing at times, as futex(2) says that it may: a wake-up meant for what was at that address before is one.
//   * A thread is left before an access, and at times after one that changed something: plain variables are no steps.
//   * A failure prints the last steps and ends the process: half-done threads cannot be undone.
//
// Strategies: random, and PCT (Burckhardt et al., "A randomized scheduler with probabilistic guarantees of finding bugs",
// 2010), whose threads lose their priority when they give way or go on for long, take turns. Each schedule draws how late
// stores are, how often deadlines come and waits end for nothing, and a random one how long a thread goes on. `bounded`
// walks every schedule with at most so many preemptions and late stores (Musuvathi, Qadeer, "Iterative context bounding",
// 2007).

#include <cstdint>
#include <functional>
#include <source_location>
#include <vector>

namespace stepping {

enum class strategy : std::uint8_t { random, pct, bounded };

struct bounds {
  int preemptions = 2;
  int late_stores = 1;
};

struct figures {
  std::uint64_t schedules = 0;
  std::uint64_t steps = 0;
};

class world {
 public:
  using body = std::function<void()>;

  // --- a schedule, from outside

  void begin(std::uint64_t seed, strategy how);
  /// One of the first threads, or, called by a simulated thread, one more.
  void thread(body b);
  /// Until all threads have ended.
  void run();
  /// In this schedule no deadline comes: that everybody waits is a failure even if somebody would look again later. It is how
  /// a lost wake-up looks that the monitor makes good.
  void let_nobody_time_out() noexcept { timeouts_ = false; }
  /// For `bounded`: the next schedule; false when all have been seen.
  bool next_bounded();
  void set_bounds(const bounds& b) noexcept { bounds_ = b; }
  /// What is printed beside a failure: which command shows it again.
  void name_failures(const char* kernel, const char* command) noexcept;
  const figures& total() const noexcept { return total_; }

  // --- what the threads say

  /// Ends the process when it is not so.
  void check(bool so, const char* otherwise);
  [[noreturn]] void fail(const char* why) noexcept;
  /// A step that accesses nothing: between the accesses of plain memory whose order is to be tried.
  void pause();
  /// A number below n that is part of the schedule.
  std::uint32_t choose(std::uint32_t n);

  // --- the seam's (system.cpp)

  enum class end_of_wait : std::uint8_t { woken, timed_out };
  end_of_wait wait_on(const void* word, std::int64_t deadline);
  void wake(const void* word, int threads);
  void sleep_until(std::int64_t deadline);
  void give_way();
  /// Of the running thread; no other has it, nor had.
  int thread_number() const noexcept;
  bool has_ended(int thread_number) const noexcept;
  int threads() const noexcept { return count_; }
  void at_exit(void (*f)(void*), void* argument);
  std::int64_t now() noexcept { return ++now_; }
  void clock_jumps(std::int64_t ns) noexcept { now_ += ns; }

  // --- the atomics' (atomics.hpp)

  struct access_record {
    const void* at;
    std::source_location from;
    std::uint64_t value;
    std::uint8_t thread;
    std::uint8_t what;
  };
  void step(std::uint8_t what, const void* at, const std::source_location& from);
  void note(std::uint64_t value) noexcept { last().value = value; }
  void changed(std::uint64_t to);
  void buffer(void* at, std::uint64_t value, unsigned size);
  bool find_buffered(const void* at, std::uint64_t& value) const noexcept;
  void write_buffer_out() noexcept;
  void made(const void* at) noexcept;
  void gone(void* at) noexcept;

 private:
  friend struct thread_entry;

  static constexpr int most_threads = 16;
  static constexpr unsigned room = 16;  ///< of a store buffer; a power of two
  static constexpr std::uint32_t trace_room = 1 << 12;
  static constexpr unsigned grave_bits = 12;
  static constexpr std::int64_t no_deadline = INT64_MAX;

  enum class condition : std::uint8_t { ended, ready, waiting };
  struct pending {
    void* at;
    std::uint64_t value;
    unsigned size;
  };
  /// An atomic that is gone. Of two that share a place the later stays: some accesses are not noticed, none wrongly.
  struct grave {
    const void* at;
    std::uint64_t schedule;
  };
  struct exit_call {
    void (*f)(void*);
    void* argument;
  };
  struct simulated {
    void* context = nullptr;
    char* stack = nullptr;
    condition is = condition::ended;
    int number = 0;
    bool gave_way = false;
    bool timed_out = false;
    std::int32_t priority = 0;
    std::uint32_t steps = 0;  ///< since its priority was lowered
    const void* word = nullptr;
    std::int64_t deadline = no_deadline;
    unsigned first = 0, end = 0;  ///< of `stores`, modulo room
    pending stores[room];
    void* library_thread = nullptr;
    void* exceptions[2] = {};
    std::vector<exit_call> exits;
    body run;
  };

  grave& grave_of(const void* at) noexcept {
    return graves_[(reinterpret_cast<std::uintptr_t>(at) * 0x9E3779B97F4A7C15ULL) >> (64 - grave_bits)];
  }
  void must_be_there(const void* at) noexcept;
  access_record& last() noexcept { return trace_[(traced_ - 1) % trace_room]; }
  simulated& current() noexcept { return all_[running_]; }
  std::uint64_t random() noexcept;
  std::uint32_t below(std::uint32_t n) noexcept;
  std::uint32_t branch(std::uint32_t n);
  void let_others_go();
  int pick();
  bool may_stay() noexcept { return running_ >= 0 && current().is == condition::ready && !current().gave_way; }
  int pick_random(const int* ready, int n);
  int pick_by_priority(const int* ready, int n);
  int pick_bounded(const int* ready, int n);
  void lower_priority(simulated& t) noexcept {
    t.priority = --lowest_;
    t.steps = 0;
  }
  int find_ready(int* ready);
  bool wake_earliest();
  void wake_for_nothing();
  void write_first(simulated& t) noexcept;
  void write_all(simulated& t) noexcept;
  void write_some();
  void jump_to(int next);
  void leave_thread();
  void wait(const void* word, std::int64_t deadline);
  void print_trace() noexcept;

  simulated all_[most_threads];
  int count_ = 0;
  int begun_ = 0;  ///< in all schedules: a run may still have to join a thread of the one before
  int running_ = -1;  ///< -1: the explorer itself
  void* explorer_ = nullptr;
  void* explorer_library_thread_ = nullptr;
  void* explorer_exceptions_[2] = {};
  strategy how_ = strategy::random;
  std::uint64_t random_ = 1;
  std::uint64_t steps_ = 0;
  std::uint64_t usual_steps_ = 64;  ///< of a schedule of this kernel, for PCT's moments of change
  std::uint32_t stays_ = 0;      ///< of eight steps of a thread so many are followed by another of its own
  std::uint32_t lateness_ = 4;   ///< one step in so many writes a store out
  std::uint32_t patience_ = 512; ///< at one step in so many the earliest deadline comes
  std::uint32_t calm_ = 128;     ///< at one step in so many somebody wakes for nothing, but
  std::uint32_t startles_ = 0;   ///< so often, or what the monitor makes good would not be seen
  std::uint64_t changes_[4] = {};
  int change_count_ = 0;
  std::int32_t lowest_ = 0;
  std::int64_t now_ = 0;
  bool timeouts_ = true;
  bounds bounds_;
  int preemptions_left_ = 0;
  int late_left_ = 0;
  struct fork {
    std::uint32_t taken, of;
  };
  std::vector<fork> path_;
  std::size_t at_fork_ = 0;
  figures total_;
  const char* kernel_ = "";
  const char* command_ = "";
  std::uint64_t traced_ = 0;
  access_record trace_[trace_room] = {};
  grave graves_[1 << grave_bits] = {};
};

extern world the_world;

inline void check(bool so, const char* otherwise) { the_world.check(so, otherwise); }

}  // namespace stepping
