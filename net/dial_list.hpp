// SPDX-License-Identifier: MIT
#pragma once

// Which of several addresses is dialed, when, and for how long.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "../context/context.hpp"
#include "../errors/result.hpp"
#include "addr.hpp"
#include "conn.hpp"

namespace warren::net {

/// Connects to one address until the context is done; its errors are op_errors.
using dial_one = std::function<result<conn>(const context&, const addr&)>;

/// How long the first family is ahead of the second (RFC 6555).
inline constexpr std::chrono::milliseconds fallback_delay{300};

/// The time until which one address is tried when `left` of them are to share what there is until `deadline`: an equal
/// part, but at least 2 s. Nothing: the deadline has passed.
std::optional<std::int64_t> partial_deadline(std::int64_t now, std::int64_t deadline, std::size_t left) noexcept;

struct dial_plan {
  std::string_view network;
  std::vector<addr> primaries;
  std::vector<addr> fallbacks;  ///< of the other family
};

/// The addresses in the family of the first, and the others.
dial_plan plan_of(std::string_view network, bool both_families, std::vector<addr> addresses);

/// Tries one after the other. Returns: the first connection, or the first error.
result<conn> dial_serial(const context& ctx, std::string_view network, std::span<const addr> addresses,
                         const dial_one& dial);

/// Tries the primaries, and beside them the fallbacks once `delay` has passed or the primaries have failed. When it
/// returns, no dial goes on. Returns: the first connection, or the error of the primaries.
result<conn> dial_parallel(const context& ctx, const dial_plan& plan, std::chrono::nanoseconds delay,
                           const dial_one& dial);

}  // namespace warren::net
