// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../errors/result.hpp"

// What a serve_mux is told to answer: `[METHOD ][HOST]/[PATH]`, where a segment of the path may be `{name}`, and
// the last one `{name...}` or `{$}`. Source: Go net/http.ServeMux, "Patterns" and "Precedence".

namespace warren::http {

/// What stands between two slashes of a pattern's path.
struct segment {
  enum class kind : std::uint8_t {
    literal,   ///< this text
    wildcard,  ///< `{name}`: any text but an empty last one
    rest,      ///< `{name...}`, or a slash at the end, then without a name: all that follows, if anything
    end,       ///< `{$}`: nothing, behind a slash
  };

  kind is;
  std::string text;  ///< the literal, unescaped; or the wildcard's name

  bool operator==(const segment&) const = default;
};

/// How what one pattern matches stands to what another one matches.
enum class relation : std::uint8_t {
  same,
  wider,        ///< all that the other one matches, and more
  narrower,     ///< less, and nothing that the other one does not match
  disjoint,     ///< nothing that the other one matches
  overlapping,  ///< some of it, and something else
};

/// A pattern taken apart.
class pattern {
 public:
  pattern() = default;

  /// Returns: the error Go gives, `at offset 9: duplicate wildcard name "x"`.
  static result<pattern> parse(std::string_view text);

  const std::string& text() const noexcept { return text_; }
  const std::string& method() const noexcept { return method_; }  ///< empty: every one
  const std::string& host() const noexcept { return host_; }      ///< empty: every one
  const std::vector<segment>& segments() const noexcept { return segments_; }
  const segment& last() const noexcept { return segments_.back(); }

 private:
  friend class pattern_parser;

  std::string text_;
  std::string method_;
  std::string host_;
  std::vector<segment> segments_;
};

/// Returns: what `of` is to the other one when the other one is `r` to it.
relation inverse(relation r) noexcept;

relation compare_methods(const pattern& a, const pattern& b) noexcept;
relation compare_paths(const pattern& a, const pattern& b) noexcept;

/// Returns: whether there are requests that both match and for which neither goes before the other. A pattern with
/// a host goes before one without; else the narrower one goes first.
bool in_conflict(const pattern& a, const pattern& b) noexcept;

/// Returns: why two patterns are in conflict, with examples.
std::string describe_conflict(const pattern& a, const pattern& b);

/// Returns: a path that both match. They must overlap.
std::string common_path(const pattern& a, const pattern& b);

/// Returns: a path that `a` matches and `b` does not. They must overlap, or `a` be the wider one.
std::string difference_path(const pattern& a, const pattern& b);

}  // namespace warren::http
