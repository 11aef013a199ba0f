// SPDX-License-Identifier: MIT
#pragma once

// Small histories of one channel that were never lived through, for the checker's own test.

#include <cstddef>
#include <cstdint>
#include <random>

#include "history.hpp"

namespace warren::laws {

/// Of a channel that kept its laws: what it did in one order, each stretched around its moment.
history kept(std::size_t capacity, std::size_t deeds, std::minstd_rand& random, bool may_close = true);

/// Changes something: a value, a moment, an ending. What comes of it may be right as well.
void spoil(history& h, std::minstd_rand& random);

}  // namespace warren::laws
