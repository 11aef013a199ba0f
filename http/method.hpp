// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace warren::http {

inline constexpr std::string_view method_get = "GET";
inline constexpr std::string_view method_head = "HEAD";
inline constexpr std::string_view method_post = "POST";
inline constexpr std::string_view method_put = "PUT";
inline constexpr std::string_view method_patch = "PATCH";
inline constexpr std::string_view method_delete = "DELETE";
inline constexpr std::string_view method_connect = "CONNECT";
inline constexpr std::string_view method_options = "OPTIONS";
inline constexpr std::string_view method_trace = "TRACE";

/// Returns: whether the text can be a method at all: a token. Source: RFC 9110 section 9.1.
bool is_valid_method(std::string_view method) noexcept;

}  // namespace warren::http
