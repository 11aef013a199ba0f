// SPDX-License-Identifier: MIT
#include "tally.hpp"

#include <gtest/gtest.h>

#include <cstdio>

#include "checker.hpp"

namespace warren::laws {

namespace {

/// Histories are judged one at a time. It speaks when GoogleTest has said all it has to say.
struct tally {
  std::size_t histories = 0;
  std::size_t operations = 0;
  ~tally() { std::printf("laws: %zu histories, %zu operations checked\n", histories, operations); }
};

tally all;

}  // namespace

void expect_lawful(const history& h, const std::string& where) {
  const auto v = find_violation(h);
  EXPECT_FALSE(v.has_value()) << where << ": " << name_of(v->broken) << ": " << v->why;
  ++all.histories;
  all.operations += h.size();
}

}  // namespace warren::laws
