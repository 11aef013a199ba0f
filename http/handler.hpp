// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

namespace warren::http {

class request;
class response_writer;

/// Answers requests. It runs in a goroutine of the connection's; several requests run at the same time. Both arguments
/// are valid until it returns; a request may be copied, which shares its body and context.
///
/// An exception that leaves it ends the connection and is logged, unless that is http::abort_handler; nothing else ends.
/// Source: Go net/http.HandlerFunc.
using handler_func = std::function<void(response_writer&, request&)>;

}  // namespace warren::http
