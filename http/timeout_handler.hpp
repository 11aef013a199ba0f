// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "../errors/error.hpp"
#include "../runtime/clock.hpp"
#include "handler.hpp"

namespace warren::http {

/// What writes of a handler say after timeout_handler has answered in its place.
inline constexpr errors::sentinel handler_timeout_object{"http: Handler timeout"};
inline constexpr warren::error handler_timeout{handler_timeout_object};

/// What a writer says that has no connection to flush, to hand over or to set deadlines for.
inline constexpr errors::sentinel not_supported_object{"feature not supported"};
inline constexpr warren::error not_supported{not_supported_object};

/// Returns: a handler that calls `h` in a goroutine, and answers 503 when that has not returned after so long, with
/// `text`, or a page that says so where it is empty. The request's context is then done, and writes give
/// handler_timeout. What `h` writes is kept until it returns; flush() and hijack() give not_supported. Its exceptions
/// leave the handler that is returned here.
/// Source: Go http.TimeoutHandler.
handler_func timeout_handler(handler_func h, clock::duration after, std::string text = {});

}  // namespace warren::http
