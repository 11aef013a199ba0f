// SPDX-License-Identifier: MIT
#include <warren/runtime/defer.hpp>

#include <warren/channels/channel.hpp>
#include <warren/runtime/go.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "waiting.hpp"

#include "../test.hpp"

namespace {

using namespace warren;
using namespace warren::tests;

TEST(defer, calls_at_the_end_of_the_block_last_first) {
  std::string order;
  {
    defer _ = [&] { order += "1"; };
    defer _2 = [&] { order += "2"; };
    defer _3 = [&] { order += "3"; };
    order += "body ";
  }
  EXPECT_EQ(order, "body 321");
}

TEST(defer, has_a_form_without_a_name) {
  std::string order;
  {
    WARREN_DEFER { order += "1"; };
    WARREN_DEFER { order += "2"; };
    for (int i = 0; i < 2; ++i) {
      WARREN_DEFER { order += "loop "; };
    }
  }
  EXPECT_EQ(order, "loop loop 21");
}

int calls = 0;
void count_a_call() { ++calls; }

TEST(defer, takes_variables_functions_and_what_only_moves) {
  calls = 0;
  {
    const std::function<void()> variable = count_a_call;
    defer _ = variable;
    defer _2 = count_a_call;
    defer _3 = &count_a_call;
    defer _4 = [n = std::make_unique<int>(3)] { calls += *n; };
    EXPECT_EQ(calls, 0);
  }
  EXPECT_EQ(calls, 6);
}

TEST(defer, may_have_a_result) {
  int n = 0;
  {
    defer _ = [&] { return ++n; };
  }
  EXPECT_EQ(n, 1);
}

TEST(defer, runs_when_an_exception_leaves_the_block) {
  std::string order;
  try {
    defer _ = [&] { order += "1"; };
    defer _2 = [&] { order += "2"; };
    throw std::runtime_error("");
  } catch (const std::runtime_error&) {
    order += " caught";
  }
  EXPECT_EQ(order, "21 caught");
}

WARREN_TEST(defer, may_park) {
  chan<int> c = make_chan<int>();
  go([=] {
    defer _ = [=] { c.send(2); };
    defer _2 = [=] { c.send(1); };
    pause(1ms);
  });
  EXPECT_EQ(c.recv(), 1);
  EXPECT_EQ(c.recv(), 2);
}

}  // namespace
