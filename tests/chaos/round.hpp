// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>

#include "dice.hpp"

namespace warren::tests {

/// What a round has come to.
struct tally {
  std::int64_t acts = 0;
  std::int64_t answers = 0;
  std::int64_t contexts = 0;
};

/// One life of a server among so many clients, from its start to an end by chance: gentle or not, among its clients or
/// after them. Afterwards nothing may be left of it. Reports failures as a test does.
tally play_round(dice d, int clients, std::chrono::milliseconds length);

}  // namespace warren::tests
