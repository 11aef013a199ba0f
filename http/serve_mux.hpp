// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>

#include "handler.hpp"

namespace warren::http {

/// A handler that calls the one whose pattern fits the request best.
///
/// A pattern is `[METHOD ][HOST]/[PATH]`: "/index.html", "GET /items/{id}", "/files/{rest...}", "/{$}", "example.com/".
/// A method is matched exactly, but for GET, which takes HEAD as well. `{name}` is one segment of the path, which
/// request::path_value gives; `{name...}` at the end is all that follows; so is a slash at the end, without a name;
/// `{$}` is the end behind a slash. Segments are compared unescaped, one by one, so an escaped slash separates nothing.
/// Of several that match, one with a host goes first, else the most specific one, in whatever order they were added; two
/// of which neither is more specific are refused.
///
/// A path that is not clean (see clean_path) is sent to the clean one, and one that matches only with a slash at its
/// end to that, with 307. Where only the method is wrong the answer is 405, with "Allow".
///
/// Copies share the patterns. Patterns may be added while requests are served.
/// Source: Go net/http.ServeMux.
class serve_mux {
 public:
  serve_mux();

  /// Adds a pattern. Throws: panic_error with Go's text for a pattern that is malformed (`parsing "/{x": at offset 1: …`)
  /// or in conflict with another one (`pattern "…" (registered at FILE:LINE) conflicts with …`), and for a nil handler.
  void handle(std::string_view pattern, handler_func h,
              std::source_location where = std::source_location::current());
  void handle_func(std::string_view pattern, handler_func h,
                   std::source_location where = std::source_location::current());

  /// Answers the request. Its `pattern` and its path values are set for the handler.
  void operator()(response_writer& w, request& r) const;

  /// Returns: what would answer the request, and the pattern that matches, or will after a redirect; an empty one when
  /// nothing does. Path values are not set.
  std::pair<handler_func, std::string> handler(const request& r) const;

 private:
  class routes;
  struct destination;

  static void set_path_values(request& r, std::string_view escaped_path, const destination& to);

  std::shared_ptr<routes> routes_;
};

/// Returns: the mux that serves where no handler is given. It lives for ever.
serve_mux& default_serve_mux();

/// Adds a pattern to default_serve_mux(). Throws: as serve_mux::handle.
void handle(std::string_view pattern, handler_func h,
            std::source_location where = std::source_location::current());
void handle_func(std::string_view pattern, handler_func h,
                 std::source_location where = std::source_location::current());

}  // namespace warren::http
