// SPDX-License-Identifier: MIT
#pragma once

// Tests in a closed world: a run of its own whose clock jumps when every goroutine waits.
//
//     synctest::test([] {
//       auto [ctx, cancel] = context::with_timeout(context::background(), 1h);
//       defer _ = cancel;
//       sleep(1h);             // takes microseconds
//       synctest::wait();      // what the deadline set off is over
//       EXPECT_EQ(ctx.err(), context::deadline_exceeded);
//     });
//
// A goroutine that waits for a file, or is in blocking(), holds the clock: nobody can tell when it will go on, and deadlines
// of sockets do not come meanwhile. Tests of programs that speak to each other use net::pipe(). What a thread outside brings,
// a signal, the answer to a look-up of a name, something of the program's own, does not hold the clock: the world is closed.

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "../runtime/clock.hpp"
#include "test_body.hpp"

namespace warren::synctest {

/// Goroutines of a closed world wait for what cannot come any more. what() is Go's text for it.
class deadlock_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

void run_test(const test_body& body);

/// Calls `f` in a world of its own, with all goroutines that it starts, and waits until they have ended.
///
/// The clock begins at midnight of 1 January 2000, UTC, and moves only when every goroutine waits: then it jumps to the
/// earliest deadline. After f has returned it moves no more.
/// Parks: blocks the thread, which is no goroutine's; a goroutine in blocking(), or one that computes, is waited for however
/// long it takes, also when f has thrown. Throws: what leaves f (the other goroutines never run again then);
/// deadlock_error, after their traces went to standard error, when they wait for what cannot come; std::logic_error when
/// a run is going on. An exception that leaves another goroutine ends the process, as in run().
/// Source: Go's testing/synctest.Test.
template <class F>
  requires std::is_invocable_v<std::decay_t<F>&>
void test(F&& f) {
  using callable = std::decay_t<F>;
  callable call = std::forward<F>(f);
  run_test({[](void* raw) { std::invoke(*static_cast<callable*>(raw)); }, &call});
}

/// Waits until every other goroutine of this world waits. Parks: yes. Throws: std::logic_error outside of a closed world,
/// and when another goroutine does the same. Order: what the others did before happens before the return.
void wait();

void sleep_and_wait(std::int64_t ns);

/// sleep(d), and then wait(): what was due at that moment has run. Parks: yes.
template <class Rep, class Period>
void sleep(std::chrono::duration<Rep, Period> d) {
  sleep_and_wait(runtime::saturating_ns(d));
}

}  // namespace warren::synctest
