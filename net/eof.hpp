// SPDX-License-Identifier: MIT
#pragma once

#include "../errors/error.hpp"

namespace warren::net {

inline constexpr errors::sentinel eof_object{"EOF"};
inline constexpr errors::sentinel unexpected_eof_object{"unexpected EOF"};

/// What a read gives at the end of what the peer sent; never wrapped, so `err == net::eof` is enough. Source: Go io.EOF.
inline constexpr error eof{eof_object};

/// The end came in the middle of something that says how long it is. Source: Go io.ErrUnexpectedEOF.
inline constexpr error unexpected_eof{unexpected_eof_object};

}  // namespace warren::net
