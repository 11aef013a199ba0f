// SPDX-License-Identifier: MIT

// Trees of contexts, by threads that are no workers. (Functions after a cancel are goroutines: scheduler_kernels.cpp.)

#include <warren/channels/channel.hpp>
#include <warren/context/context.hpp>

#include "kernels.hpp"

namespace stepping {

namespace {

using warren::context;

/// A child made beside the cancel of its parent is canceled, whoever was first.
void child_of_canceled(world& w) {
  auto [parent, cancel] = context::with_cancel(context::background());
  w.thread([parent = parent] {
    auto [child, stop] = context::with_cancel(parent);
    child.done().recv();
    check(child.err() == context::canceled, "another error");
    stop();
  });
  w.thread([cancel = cancel] { cancel(); });
  w.run();
}

/// Two cancels, of parent and child; whoever waits for the child goes on, and sees an error.
void two_cancels(world& w) {
  auto [parent, cancel_parent] = context::with_cancel(context::background());
  auto [child, cancel_child] = context::with_cancel(parent);
  w.thread([child = child] {
    child.done().recv();
    check(child.err() != nullptr, "done without an error");
  });
  w.thread([f = cancel_parent] { f(); });
  w.thread([f = cancel_child] { f(); });
  w.run();
  check(parent.err() != nullptr && child.err() != nullptr, "canceled without an error");
}

/// Of two cancels of one context each returns when the contexts below are canceled, whoever did it.
void cancel_reaches_all_below(world& w) {
  auto [parent, cancel] = context::with_cancel(context::background());
  auto [child, cancel_child] = context::with_cancel(parent);
  for (int i = 0; i < 2; ++i) {
    w.thread([f = cancel, child = child] {
      f();
      check(child.err() != nullptr, "a cancel returned while a context below was open");
    });
  }
  w.run();
  cancel_child();
}

/// Two children come and go while their parent is canceled and let go of.
void children_go(world& w) {
  auto made = context::with_cancel(context::background());
  for (int i = 0; i < 2; ++i) {
    w.thread([parent = made.first] {
      auto [child, cancel] = context::with_cancel(parent);
      cancel();
      check(child.err() != nullptr, "canceled without an error");
    });
  }
  w.thread([f = made.second] { f(); });
  made = {};
  w.run();
}

/// The done channel is made by who asks first, or by the cancel.
void done_channel(world& w) {
  auto [ctx, cancel] = context::with_cancel(context::background());
  for (int i = 0; i < 2; ++i) {
    w.thread([ctx = ctx] {
      auto done = ctx.done();
      done.recv();
      check(ctx.err() == context::canceled, "done without its error");
    });
  }
  w.thread([cancel = cancel] { cancel(); });
  w.run();
}

constexpr kernel kernels[] = {
    {.name = "child_of_canceled", .body = child_of_canceled},
    {.name = "two_cancels", .body = two_cancels},
    {.name = "cancel_reaches_all_below", .body = cancel_reaches_all_below},
    {.name = "children_go", .body = children_go},
    {.name = "done_channel", .body = done_channel},
};

}  // namespace

std::span<const kernel> context_kernels() { return kernels; }

}  // namespace stepping
