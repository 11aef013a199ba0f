// SPDX-License-Identifier: MIT
// A URL that was read and written reads the same again; escapes come back; no error shows what may be a password.
#include <warren/http/host.hpp>
#include <warren/http/url.hpp>

#include <string>
#include <string_view>

#include "target.hpp"

namespace {

using namespace warren;
using fuzz::require;

void check_text(const std::string& written) {
  for (const char c : written) require(c != '\r' && c != '\n' && c != '\0', "a line end in what is written");
}

void check_url(std::string_view text) {
  const auto [u, err] = http::url::parse(text);
  if (err != nil) {
    require(!err.message().empty(), "an error without a text");
    return;
  }
  const std::string written = to_string(u);
  check_text(written);
  check_text(u.request_target());
  const auto [again, wrong] = http::url::parse(written);
  require(wrong == nil, "what was written cannot be read");
  require(to_string(again) == written, "what was written reads differently");
  require(again.host == u.host && again.userinfo == u.userinfo && again.raw_query == u.raw_query,
          "other parts");
  check_text(u.hostname() + u.port());
  (void)u.redacted();
  (void)u.password();
}

void check_resolve(std::string_view text) {
  const http::url base = http::url::parse("http://user@host:80/a/b;c?d#e").value();
  const auto [u, err] = base.resolve(text);
  if (err != nil) return;
  require(!u.scheme.empty(), "no scheme");
  require(u.path.empty() || u.path[0] == '/' || u.scheme != "http" || u.host.empty(), "a relative path");
  check_text(to_string(u));
}

void check_target(std::string_view text) {
  http::url u;
  if (u.assign_request_target(text) != nil) return;
  require(u.fragment.empty(), "a target with a fragment");
  require(http::url::parse_request_target(text).value() == u, "another URL in used memory");
  check_text(u.request_target());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text(data, size);
  check_url(text);
  check_url("http://h" + std::string(text));
  check_url("http://" + std::string(text));
  check_resolve(text);
  check_target(text);
  check_target("/" + std::string(text));
  require(http::query_unescape(http::query_escape(text)).value() == text, "a query does not come back");
  require(http::path_unescape(http::path_escape(text)).value() == text, "a path does not come back");
  const auto pairs = http::parse_query(text);
  require(http::parse_query(http::encode_query(pairs)) == pairs, "pairs do not come back");
  require(!http::is_valid_host(text) || http::may_become_host(text), "a host that cannot become one");
  for (std::size_t n = 0; http::is_valid_host(text) && n < size && n < 100; ++n) {
    require(http::may_become_host(text.substr(0, n)), "a host with a beginning that cannot become one");
  }
  return 0;
}
