// SPDX-License-Identifier: MIT
#include <warren/context/context.hpp>

#include <chrono>
#include <tuple>
#include <utility>

#include <warren/runtime/go.hpp>

#include "channels/crew.hpp"
#include "family.hpp"
#include "test.hpp"

namespace warren {
namespace {

using namespace std::chrono_literals;

// Go: TestCause. Its three rows about contexts of other packages' making have no counterpart.
WARREN_TEST(cause, TestCause) {
  static constexpr auto forever = 1'000'000s;
  static const error parent_cause = errors::make("parentCause");
  static const error child_cause = errors::make("childCause");
  static const error too_slow = errors::make("tooSlow");
  static const error finished_early = errors::make("finishedEarly");
  static const context bg = context::background();
  using make = context (*)();
  using pair = std::pair<context, cancel_cause_func>;

  const struct {
    const char* name;
    make made;
    error err;
    error cause;
  } rows[] = {
      {"Background", [] { return bg; }, nil, nil},
      {"TODO", [] { return context::todo(); }, nil, nil},
      {"WithCancel",
       [] {
         auto [ctx, cancel] = context::with_cancel(bg);
         cancel();
         return context(ctx);
       },
       context::canceled, context::canceled},
      {"WithCancelCause",
       [] {
         auto [ctx, cancel] = context::with_cancel_cause(bg);
         cancel(parent_cause);
         return context(ctx);
       },
       context::canceled, parent_cause},
      {"WithCancelCause nil",
       [] {
         auto [ctx, cancel] = context::with_cancel_cause(bg);
         cancel(nil);
         return context(ctx);
       },
       context::canceled, context::canceled},
      {"WithCancelCause: parent cause before child",
       [] {
         const pair parent = context::with_cancel_cause(bg), child = context::with_cancel_cause(parent.first);
         parent.second(parent_cause);
         child.second(child_cause);
         return child.first;
       },
       context::canceled, parent_cause},
      {"WithCancelCause: parent cause after child",
       [] {
         const pair parent = context::with_cancel_cause(bg), child = context::with_cancel_cause(parent.first);
         child.second(child_cause);
         parent.second(parent_cause);
         return child.first;
       },
       context::canceled, child_cause},
      {"WithCancelCause: parent cause before nil",
       [] {
         const pair parent = context::with_cancel_cause(bg);
         auto [ctx, cancel] = context::with_cancel(parent.first);
         parent.second(parent_cause);
         cancel();
         return context(ctx);
       },
       context::canceled, parent_cause},
      {"WithCancelCause: parent cause after nil",
       [] {
         const pair parent = context::with_cancel_cause(bg);
         auto [ctx, cancel] = context::with_cancel(parent.first);
         cancel();
         parent.second(parent_cause);
         return context(ctx);
       },
       context::canceled, context::canceled},
      {"WithCancelCause: child cause after nil",
       [] {
         auto [parent, cancel] = context::with_cancel(bg);
         const pair child = context::with_cancel_cause(parent);
         cancel();
         child.second(child_cause);
         return child.first;
       },
       context::canceled, context::canceled},
      {"WithCancelCause: child cause before nil",
       [] {
         auto [parent, cancel] = context::with_cancel(bg);
         const pair child = context::with_cancel_cause(parent);
         child.second(child_cause);
         cancel();
         return child.first;
       },
       context::canceled, child_cause},
      {"WithTimeout",
       [] {
         auto [ctx, cancel] = context::with_timeout(bg, 0s);
         cancel();
         return context(ctx);
       },
       context::deadline_exceeded, context::deadline_exceeded},
      {"WithTimeout canceled",
       [] {
         auto [ctx, cancel] = context::with_timeout(bg, forever);
         cancel();
         return context(ctx);
       },
       context::canceled, context::canceled},
      {"WithTimeoutCause",
       [] {
         auto [ctx, cancel] = context::with_timeout_cause(bg, 0s, too_slow);
         cancel();
         return context(ctx);
       },
       context::deadline_exceeded, too_slow},
      {"WithTimeoutCause canceled",
       [] {
         auto [ctx, cancel] = context::with_timeout_cause(bg, forever, too_slow);
         cancel();
         return context(ctx);
       },
       context::canceled, context::canceled},
      {"WithTimeoutCause stacked",
       [] {
         const pair parent = context::with_cancel_cause(bg);
         const context ctx = context::with_timeout_cause(parent.first, 0s, too_slow).first;
         parent.second(finished_early);
         return ctx;
       },
       context::deadline_exceeded, too_slow},
      {"WithTimeoutCause stacked canceled",
       [] {
         const pair parent = context::with_cancel_cause(bg);
         const context ctx = context::with_timeout_cause(parent.first, forever, too_slow).first;
         parent.second(finished_early);
         return ctx;
       },
       context::canceled, finished_early},
      {"WithoutCancel", [] { return context::without_cancel(bg); }, nil, nil},
      {"WithoutCancel canceled",
       [] {
         const pair parent = context::with_cancel_cause(bg);
         const context ctx = context::without_cancel(parent.first);
         parent.second(finished_early);
         return ctx;
       },
       nil, nil},
      {"WithoutCancel timeout",
       [] {
         auto [parent, cancel] = context::with_timeout_cause(bg, 0s, too_slow);
         const context ctx = context::without_cancel(parent);
         cancel();
         return ctx;
       },
       nil, nil},
      {"a value below: parent canceled before",
       [] {
         const pair parent = context::with_cancel_cause(bg);
         parent.second(parent_cause);
         return context::with_value(parent.first, 1, 1);
       },
       context::canceled, parent_cause},
      {"deadline that passes",
       [] {
         const context ctx = context::with_timeout_cause(bg, 1us, too_slow).first;
         ctx.done().recv();
         return ctx;
       },
       context::deadline_exceeded, too_slow},
      {"deadline above that passes",
       [] {
         const context parent = context::with_timeout_cause(bg, 1ms, too_slow).first;
         const context ctx = context::with_timeout_cause(parent, forever, finished_early).first;
         ctx.done().recv();
         return ctx;
       },
       context::deadline_exceeded, too_slow},
  };
  for (const auto& row : rows) {
    const context ctx = row.made();
    EXPECT_TRUE(ctx.err() == row.err) << row.name << ": err() is " << ctx.err();
    EXPECT_TRUE(context::cause(ctx) == row.cause) << row.name << ": cause() is " << context::cause(ctx);
  }
}

WARREN_TEST(cause, TestCauseRace) {
  const auto n = tests::scaled(500);
  for (int i = 0; i < n; i++) {
    const error cause = errors::make("TestCauseRace");
    auto [ctx, cancel] = context::with_cancel_cause(context::background());
    tests::crew crew;
    crew.go([cancel = cancel, cause] { cancel(cause); });
    error seen;
    while ((seen = context::cause(ctx)) == nil) gosched();
    EXPECT_TRUE(seen == cause);
    crew.wait();
  }
}

WARREN_TEST(cause, TestWithCancelCanceledParent) {
  auto [parent, cancel] = context::with_cancel_cause(context::background());
  const error cause = errors::make("Because!");
  cancel(cause);
  for (const context& c : {context::with_cancel(parent).first, context::with_timeout(parent, 1h).first,
                           context::with_timeout(parent, -1h).first}) {
    EXPECT_TRUE(tests::is_done(c)) << "child not done immediately upon construction";
    EXPECT_TRUE(c.err() == context::canceled);
    EXPECT_TRUE(context::cause(c) == cause);
  }
}

WARREN_TEST(cause, TestWithCancelSimultaneouslyCanceledParent) {
  const auto n = tests::scaled(1000);
  for (int i = 0; i < n; i++) {
    auto [parent, cancel] = context::with_cancel_cause(context::background());
    const error cause = errors::make("Because!");
    tests::crew crew;
    crew.go([cancel = cancel, cause] { cancel(cause); });
    const context c =
        i % 2 == 0 ? context::with_cancel(parent).first : context::with_timeout(parent, tests::very_long_time).first;
    c.done().recv();
    EXPECT_TRUE(c.err() == context::canceled);
    EXPECT_TRUE(context::cause(c) == cause);
    crew.wait();
  }
}

}  // namespace
}  // namespace warren
