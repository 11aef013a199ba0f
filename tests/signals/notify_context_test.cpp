// SPDX-License-Identifier: MIT
// Go's NotifyContext tests.
#include <warren/runtime/go.hpp>
#include <warren/runtime/run.hpp>
#include <warren/signals/notify_context.hpp>
#include <warren/signals/notify.hpp>
#include <warren/sync/wait_group.hpp>

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "arriving.hpp"

#include "../test.hpp"

namespace {

using namespace warren;
using namespace warren::tests;

bool ends(const context& c) {
  return eventually([&] { return c.err() != nil; });
}

WARREN_TEST(notify_context, is_cancelled_by_a_signal) {
  auto [ctx, stop] = signals::notify_context(context::background(), SIGINT, SIGUSR1);
  EXPECT_EQ(ctx.err(), nil);
  send_to_self(SIGINT);
  ASSERT_TRUE(ends(ctx));
  EXPECT_EQ(ctx.err(), context::canceled);
  const error cause = context::cause(ctx);
  EXPECT_EQ(cause.message(), "interrupt signal received");
  EXPECT_TRUE(errors::is(cause, context::canceled));
  EXPECT_FALSE(errors::is(cause, context::deadline_exceeded));
  // Until stop the signal has no other effect.
  ::raise(SIGINT);
  ::raise(SIGUSR1);
  pause(2ms);
  stop();
  EXPECT_EQ(context::cause(ctx).message(), "interrupt signal received");
}

WARREN_TEST(notify_context, wakes_who_waits_for_it) {
  auto [ctx, stop] = signals::notify_context(context::background(), SIGUSR1);
  sync::wait_group wg;
  for (int i = 0; i < 3; ++i) wg.go([ctx = ctx] { ctx.done().recv(); });
  pause(2ms);
  ::raise(SIGUSR1);
  EXPECT_TRUE(ends(ctx));
  wg.wait();
  stop();
}

WARREN_TEST(notify_context, is_cancelled_by_stop) {
  const own_handler usr1(SIGUSR1);
  auto [ctx, stop] = signals::notify_context(context::background(), SIGUSR1);
  stop();
  EXPECT_EQ(ctx.err(), context::canceled);
  EXPECT_EQ(context::cause(ctx), context::canceled);
  stop();
  ::raise(SIGUSR1);
  EXPECT_EQ(own_handler::calls(), 1);
}

WARREN_TEST(notify_context, is_cancelled_with_its_parent) {
  auto [parent, cancel] = context::with_cancel_cause(context::background());
  auto [ctx, stop] = signals::notify_context(parent, SIGINT);
  const error why = errors::make("enough");
  cancel(why);
  EXPECT_EQ(ctx.err(), context::canceled);
  EXPECT_EQ(context::cause(ctx), why);
  stop();
}

WARREN_TEST(notify_context, of_a_cancelled_parent_is_cancelled) {
  auto [parent, cancel] = context::with_cancel(context::background());
  cancel();
  auto [ctx, stop] = signals::notify_context(parent, SIGINT);
  EXPECT_EQ(ctx.err(), context::canceled);
  ::raise(SIGINT);  // still wanted
  stop();
}

WARREN_TEST(notify_context, is_stopped_by_several_at_once) {
  auto [ctx, stop] = signals::notify_context(context::background(), SIGINT);
  sync::wait_group wg;
  for (int i = 0; i < 10; ++i) wg.go([stop = stop] { stop(); });
  wg.wait();
  EXPECT_EQ(ctx.err(), context::canceled);
}

WARREN_TEST(notify_context, without_names_takes_all_signals) {
  auto [ctx, stop] = signals::notify_context(context::background());
  ::raise(SIGTERM);
  EXPECT_TRUE(ends(ctx));
  EXPECT_EQ(context::cause(ctx).message(), "terminated signal received");
  stop();
}

WARREN_TEST(notify_context, may_be_stopped_by_who_is_told_of_the_cancel) {
  signals::stop_func stop;
  context ctx;
  std::tie(ctx, stop) = signals::notify_context(context::background(), SIGUSR1);
  chan<void> stopped = make_chan<void>(1);
  context::after_func(ctx, [=] {
    stop();
    stopped.send();
  });
  ::raise(SIGUSR1);
  EXPECT_TRUE(eventually([&] { return stopped.try_recv() == recv_status::value; }));
}

TEST(notify_context, works_without_a_run) {
  auto [ctx, stop] = signals::notify_context(context::background(), SIGUSR1);
  std::thread sender([] {
    pause(5ms);
    ::raise(SIGUSR1);
  });
  ctx.done().recv();
  EXPECT_EQ(context::cause(ctx).message(), "user defined signal 1 signal received");
  sender.join();
  stop();
}

TEST(notify_context, panics_without_a_parent) {
  try {
    signals::notify_context(context(), SIGINT);
    ADD_FAILURE() << "no panic";
  } catch (const panic_error& e) {
    EXPECT_STREQ(e.what(), "cannot create context from nil parent");
  }
  EXPECT_THROW(signals::stop_func()(), panic_error);
  EXPECT_EQ(signals::stop_func(), nil);
}

TEST(notify_context, names_signals_as_go_does) {
  const std::pair<int, const char*> names[] = {{SIGHUP, "hangup signal received"},
                                               {SIGUSR2, "user defined signal 2 signal received"},
                                               {SIGWINCH, "window changed signal received"},
                                               {SIGRTMAX, "signal 64 signal received"}};
  for (const auto& [signal, text] : names) {
    auto [ctx, stop] = signals::notify_context(context::background(), signal);
    ::raise(signal);
    EXPECT_TRUE(ends(ctx));
    EXPECT_EQ(context::cause(ctx).message(), text);
    stop();
  }
}

}  // namespace
