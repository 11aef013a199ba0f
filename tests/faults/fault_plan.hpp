// SPDX-License-Identifier: MIT
#pragma once

// What is to go wrong, and the sweep: the same body again and again, with the call 0, 1, 2, … of a kind failing in it,
// until it makes no such call any more.
//
// Laws
//   * There is one plan in the process. It is in force while an `under_faults` lives, and counts what happens then only,
//     on whatever thread: a body says itself which part of it must bear faults.
//   * Three kinds of place ask the plan: system calls, by the seam of runtime/system.hpp; operator new, which this program
//     replaces (operator_new.cpp); and code of the tests that stands for a user's, by may_throw().
//   * Every step of a sweep has to end in time (a dump of all goroutines tells why it did not), and to leave what was there
//     before: goroutines, stacks, timers, waiters, descriptors, and, where the sweep is of allocations, memory.

#include <warren/runtime/system.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace warren::tests {

using system_call = runtime::sys::call;

enum class place : std::uint8_t { in_a_call, in_new, in_users_code };

inline constexpr std::int64_t ever = INT64_MAX;

/// Something that goes wrong at one kind of place: `times` in a row, after it went well `nth` times.
struct fault {
  place where;
  system_call which{};
  int what = 0;  ///< of a call, as runtime::sys::fault has it
  std::int64_t times = 1;
  std::int64_t nth = 0;

  static fault of(system_call which, int error, std::int64_t times = 1) {
    return {place::in_a_call, which, error, times};
  }
  /// Calls that move at most so many bytes.
  static fault short_count(system_call which, int most, std::int64_t times = ever) {
    return {place::in_a_call, which, -most, times};
  }
  static fault of_new(std::int64_t times = 1) { return {place::in_new, {}, 1, times}; }
  static fault of_users_code(std::int64_t times = 1) { return {place::in_users_code, {}, 1, times}; }
};

/// The plan is in force as long as this lives.
class under_faults {
 public:
  under_faults() noexcept;
  ~under_faults();
  under_faults(const under_faults&) = delete;
  under_faults& operator=(const under_faults&) = delete;
};

/// Replaces the plan, which must not be in force, and counts anew.
void set_plan(const std::vector<fault>& plan);
/// How many faults there were since the last set_plan().
std::int64_t faults_of_plan() noexcept;
/// What the next one at such a place is to do; 0: nothing unusual.
int consult_plan(place where, system_call which = {}) noexcept;

/// What may_throw() throws.
struct users_error : std::runtime_error {
  users_error() : std::runtime_error("the user's") {}
};
/// Code of a user's that may throw.
void may_throw();

/// Calls f; where a fault threw out of it, once more. What has the strong guarantee is then as if nothing had been.
template <class F>
decltype(auto) again(F&& f) {
  try {
    return f();
  } catch (const std::bad_alloc&) {
  } catch (const std::system_error&) {
  } catch (const users_error&) {
  }
  return f();
}

struct sweep_options {
  std::vector<int> workers{1, 4};
  std::int64_t most = 100;  ///< steps
  bool whole_run = false;   ///< the plan is in force from before run() until after it; the body says nothing
  bool same_memory =
      false;  ///< with one worker nothing is left that was allocated; more may come to keep more
  std::vector<fault> beside = {};  ///< other faults, the same in each step
};

/// Runs the body inside run(), with the fault at each of its places in turn.
void sweep(const std::string& name, const fault& swept, const std::function<void()>& body,
           const sweep_options& o = {});
/// The same; it is called what the fault is: `accept fails with EMFILE`.
void sweep(const fault& swept, const std::function<void()>& body, const sweep_options& o = {});
/// Once with all of these. Returns: how many faults there were.
std::int64_t run_with_faults(const std::string& name, const std::vector<fault>& plan, int workers,
                             const std::function<void()>& body);

/// Blocks that operator new has given and nobody has given back.
std::int64_t live_allocations() noexcept;

/// Returns: whether it came to hold within five seconds.
bool eventually(const std::function<bool()>& holds);

}  // namespace warren::tests
