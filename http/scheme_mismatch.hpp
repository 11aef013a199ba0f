// SPDX-License-Identifier: MIT
#pragma once

#include "../errors/error.hpp"

namespace warren::http {

/// What a client says that asked by `https` a server that speaks plain HTTP. Source: Go net/http.ErrSchemeMismatch.
inline constexpr errors::sentinel scheme_mismatch_object{"http: server gave HTTP response to HTTPS client"};
inline constexpr warren::error scheme_mismatch{scheme_mismatch_object};

}  // namespace warren::http
