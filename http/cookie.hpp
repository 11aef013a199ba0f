// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "header.hpp"

namespace warren::http {

enum class same_site : std::uint8_t { unset, lax, strict, none };

/// A cookie as a server sets it, or as a client sends it back. Source: Go http.Cookie, RFC 6265.
struct cookie {
  std::string name{};
  std::string value{};
  bool quoted = false;  ///< the value stood, or is to stand, between quotes
  std::string path{};
  std::string domain{};
  std::optional<std::int64_t> expires{};  ///< in seconds since 1970
  /// In seconds; 0 or less: at once. None: not said.
  std::optional<std::int64_t> max_age{};
  bool secure = false;
  bool http_only = false;
  bool partitioned = false;
  http::same_site same_site = http::same_site::unset;
};

/// Returns: the value of a Set-Cookie field; empty if the name is no token. What may not stand in it is left out.
std::string to_string(const cookie& c);

/// Adds the Set-Cookie field to the header of a response.
void set_cookie(header& h, const cookie& c);
/// Adds the cookie to the Cookie field of a request.
void add_cookie(header& h, const cookie& c);

/// Returns: the cookies of the Cookie fields of a request. Malformed ones are left out.
std::vector<cookie> read_cookies(const header& h);
/// Returns: the first cookie of that name.
std::optional<std::string> read_cookie(const header& h, std::string_view name);
/// Returns: the cookies of the Set-Cookie fields of a response.
std::vector<cookie> read_set_cookies(const header& h);
/// Returns: the cookie of one such field's value.
std::optional<cookie> parse_set_cookie(std::string_view line);

}  // namespace warren::http
