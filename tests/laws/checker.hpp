// SPDX-License-Identifier: MIT
#pragma once

// Says whether what was done to channels could have been done to channels, in O(n log n).
//
// For each channel there must be an order of all that was done that respects the stamps and is one of a channel: first in
// first out, at most `capacity` inside, nothing sent after the close, nothing but false once it is closed and drained. With
// unique values that comes down to laws about one, two, or all of them, and a broken one has a name.
//
// These are exact for a channel without a buffer, and for one whose buffer never fills: with no law broken there is such an
// order. (For queues: Henzinger, Sezgin, Vafeiadis, CONCUR 2013: every order that goes wrong has a pair that does.) For a
// buffer that fills the law of capacity counts, as Go's memory model does; there are histories without an order that it
// lets pass. None is called bad that has one. A refusal is bad only if one of its cases was certainly ready at every moment.

#include <cstdint>
#include <optional>
#include <string>

#include "history.hpp"

namespace warren::laws {

enum class law : std::uint8_t {
  invented,               ///< a value was received that was not sent
  twice,                  ///< a value was received more than once
  lost,                   ///< a value was sent, and neither received nor left over
  before_sent,            ///< a value was received before its send began
  overtaken,              ///< of two values the one that was sent later was received earlier
  over_capacity,          ///< more were sent than the buffer holds and receivers had come for
  not_together,           ///< no buffer, and yet send and receive did not meet
  sent_after_close,       ///< a send was done that began when the close had ended, or somebody had been told of it
  closed_without_close,   ///< somebody was told of a close that had not begun
  closed_twice,           ///< more than one close was done
  value_after_false,      ///< a receive that found it closed and drained came before one that got a value
  refused_though_ready,   ///< at every moment of a refusal one of its cases was certainly ready
};

const char* name_of(law l) noexcept;

struct violation {
  law broken;
  std::string why;
};

/// Nothing: no law is broken.
std::optional<violation> find_violation(const history& h);

}  // namespace warren::laws
