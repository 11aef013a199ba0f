// SPDX-License-Identifier: MIT
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../errors/error.hpp"
#include "../errors/result.hpp"
#include "url_error.hpp"

namespace warren::http {

/// A URL in its parts. A value. Source: Go net/url.
///
///     scheme://userinfo@host/path?raw_query#fragment
///     scheme:opaque?raw_query#fragment
struct url {
  std::string scheme;        ///< in lower case
  std::string opaque;        ///< what follows the scheme when that is not a slash, encoded
  std::string userinfo;      ///< `name` or `name:password`, encoded
  std::string host;          ///< with the port, if there is one; a literal address of IPv6 in brackets
  std::string path;          ///< decoded
  std::string raw_path;      ///< encoded; empty where the usual encoding of `path` is meant
  std::string raw_query;     ///< encoded, without the `?`
  std::string fragment;      ///< decoded, without the `#`
  std::string raw_fragment;  ///< as raw_path
  bool force_query = false;  ///< write the `?` even though raw_query is empty
  bool omit_host = false;    ///< do not write the `//` of an empty host before a path

  /// Takes an absolute or a relative URL apart. Returns: an error as Go's: `parse "TEXT": WHY`.
  static result<url> parse(std::string_view text);

  /// The same for the target of a request: absolute, or a path; without a fragment. Source: Go url.ParseRequestURI.
  static result<url> parse_request_target(std::string_view text);

  /// The same into an object that there is, whose strings keep their memory. For what is wrong `url` is unspecified.
  warren::error assign_request_target(std::string_view text);

  /// Returns: what stands in the first line of a request: path and query, encoded; `/` for no path.
  std::string request_target() const;

  /// Returns: the path as it is written: raw_path if that is an encoding of the path, else the usual one.
  std::string escaped_path() const;
  std::string escaped_fragment() const;

  /// Returns: the host without its port and without brackets.
  std::string hostname() const;
  /// Returns: the port as it is written, empty for none.
  std::string port() const;

  /// Returns: the user's name and password, decoded; none if there are none.
  std::optional<std::string> username() const;
  std::optional<std::string> password() const;

  void set_user(std::string_view name);
  void set_user(std::string_view name, std::string_view password);

  bool is_absolute() const noexcept { return !scheme.empty(); }

  /// Returns: where `reference` leads from here. Source: RFC 3986 section 5.2.
  url resolve(const url& reference) const;
  /// The same with a text.
  result<url> resolve(std::string_view reference) const;

  /// Returns: the first value of that name in the query, decoded; empty for none.
  std::string query(std::string_view name) const;
  bool has_query(std::string_view name) const;
  /// Returns: all of the query in order, decoded. Pairs that are malformed are left out.
  std::vector<std::pair<std::string, std::string>> query_pairs() const;

  /// Returns: the text with `xxxxx` for a password.
  std::string redacted() const;

  void clear() noexcept;

  friend bool operator==(const url&, const url&) = default;
  /// Writes to_string(u).
  friend std::ostream& operator<<(std::ostream& out, const url& u);
};

std::string to_string(const url& u);

/// Returns: the text with everything but letters, digits and `-_.~` as %XX, a space as `+`. Source: Go url.QueryEscape.
std::string query_escape(std::string_view text);
/// The same for one segment of a path. Source: Go url.PathEscape.
std::string path_escape(std::string_view text);
/// Returns: an error such as `invalid URL escape "%zz"`.
result<std::string> query_unescape(std::string_view text);
result<std::string> path_unescape(std::string_view text);

/// Returns: the pairs of a query or of a form. Malformed ones are left out.
std::vector<std::pair<std::string, std::string>> parse_query(std::string_view text);
/// Returns: `a=1&b=2`, encoded, in the order given.
std::string encode_query(const std::vector<std::pair<std::string, std::string>>& pairs);
/// Returns: the first value of that name in a query, decoded; nothing if there is none.
std::optional<std::string> query_value(std::string_view query, std::string_view name);

}  // namespace warren::http
