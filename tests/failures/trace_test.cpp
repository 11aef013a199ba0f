// SPDX-License-Identifier: MIT
#include <warren/runtime/trace.hpp>

#include <gtest/gtest.h>

#include <cstdint>

namespace {

using warren::runtime::stack_trace;

stack_trace trace_of(std::size_t frames) {
  stack_trace t;
  for (std::size_t i = 0; i < frames; ++i) t.add(1000 + i);
  return t;
}

TEST(stack_trace, keeps_all_frames_of_a_flat_stack) {
  for (const std::size_t frames : {0U, 1U, 63U, 64U, 65U, 127U, 128U}) {
    const stack_trace t = trace_of(frames);
    EXPECT_EQ(t.count(), frames);
    EXPECT_EQ(t.inner_end(), t.outer_begin()) << frames;
    for (std::size_t i = 0; i < frames; ++i) EXPECT_EQ(t[i], 1000 + i);
  }
}

TEST(stack_trace, keeps_both_ends_of_a_deep_stack) {
  for (const std::size_t frames : {129U, 200U, 100'000U}) {
    const stack_trace t = trace_of(frames);
    EXPECT_EQ(t.inner_end(), 64U);
    EXPECT_EQ(t.outer_begin(), frames - 64);
    for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(t[i], 1000 + i);
    for (std::size_t i = frames - 64; i < frames; ++i) EXPECT_EQ(t[i], 1000 + i);
  }
}

// What each frame leaves to do keeps the compiler from turning the calls into jumps.
volatile int done = 0;

[[gnu::noinline]] void take(stack_trace& t) {
  warren::runtime::trace_here(t);
  done = done + 1;
}

[[gnu::noinline]] void dig(stack_trace& t, int depth) {
  if (depth == 0) {
    take(t);
  } else {
    dig(t, depth - 1);
  }
  done = done + 1;
}

TEST(stack_trace, has_a_frame_for_each_call) {
  stack_trace flat;
  stack_trace deep;
  dig(flat, 0);
  dig(deep, 500);
  EXPECT_EQ(deep.count(), flat.count() + 500);
  EXPECT_EQ(deep[0], flat[0]);  // in take()
  EXPECT_EQ(deep[deep.count() - 1], flat[flat.count() - 1]);
}

}  // namespace
