// SPDX-License-Identifier: MIT
// A response's head is understood the same whatever the pieces are.
#include <warren/http/head_parser.hpp>

#include <algorithm>
#include <string>
#include <string_view>

#include "target.hpp"

namespace {

using namespace warren;
using fuzz::require;
using http::head_status;

struct reading {
  head_status status = head_status::incomplete;
  http::response_head head;
  int error = 0;
  std::size_t consumed = 0;
};

reading read(std::string_view text, std::size_t step) {
  http::response_parser p({.max_bytes = 4096, .max_fields = 20});
  reading r;
  for (std::size_t seen = 0; r.status == head_status::incomplete && seen < text.size();) {
    seen = std::min(text.size(), seen + step);
    r.status = p.feed(std::string(text.substr(0, seen)), r.head);
  }
  r.error = p.error_status();
  r.consumed = p.consumed();
  require((r.status == head_status::bad) == !p.error_text().empty(),
          "bad without a reason, or the other way round");
  return r;
}

void compare(const reading& a, const reading& b) {
  require(a.status == b.status && a.error == b.error, "the pieces decide whether a head is good");
  if (a.status != head_status::complete) return;
  require(a.consumed == b.consumed && a.head.status == b.head.status && a.head.reason == b.head.reason &&
              a.head.minor == b.head.minor && a.head.header == b.head.header &&
              a.head.close == b.head.close && a.head.content_length == b.head.content_length &&
              a.head.chunked == b.head.chunked,
          "the pieces decide what a head says");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 8192) return 0;
  // Most of what comes is no status line: half of the texts are tried behind one.
  for (const std::string_view before : {"", "HTTP/1.1 200 OK\r\n"}) {
    const std::string text = std::string(before) + std::string(fuzz::as_text(data, size));
    const reading whole = read(text, text.size() + 1);
    compare(whole, read(text, 1));
    compare(whole, read(text, 5));
    if (whole.status == head_status::complete) {
      require(!(whole.head.chunked && whole.head.content_length >= 0), "two ways to find the end");
      require(whole.consumed <= text.size() && text.substr(0, whole.consumed).ends_with("\r\n\r\n"),
              "a wrong end");
      require(whole.head.status >= 100 && whole.head.status <= 999, "a wrong status");
    }
  }
  return 0;
}
