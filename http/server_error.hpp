// SPDX-License-Identifier: MIT
#pragma once

#include "../errors/error.hpp"

namespace warren::http {

/// What serve() returns after shutdown() or close().
inline constexpr errors::sentinel server_closed_object{"http: Server closed"};
inline constexpr warren::error server_closed{server_closed_object};

/// What the context of a request is canceled with, as cause, when the client has gone.
inline constexpr errors::sentinel client_disconnected_object{"client disconnected"};
inline constexpr warren::error client_disconnected{client_disconnected_object};

/// For a handler that wants to end the connection without an answer and without a line in the log:
/// `panic(http::abort_handler);`. Source: Go net/http.ErrAbortHandler.
inline constexpr errors::sentinel abort_handler_object{"net/http: abort Handler"};
inline constexpr warren::error abort_handler{abort_handler_object};

}  // namespace warren::http
