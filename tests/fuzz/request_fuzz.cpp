// SPDX-License-Identifier: MIT
// A request's head is understood the same whatever the pieces are; what is taken, plain code takes too, and the same way.
#include <warren/http/head_parser.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "plain_head.hpp"
#include "target.hpp"

namespace {

using namespace warren;
using fuzz::require;
using http::head_status;

struct reading {
  head_status status = head_status::incomplete;
  http::request_head head;
  int error = 0;
  std::size_t consumed = 0;
  std::size_t seen = 0;  ///< how much of the text it took
};

reading read(std::string_view text, std::size_t step) {
  http::request_parser p({.max_bytes = 4096, .max_fields = 20, .max_target = 512});
  reading r;
  for (r.seen = 0; r.status == head_status::incomplete && r.seen < text.size();) {
    r.seen = std::min(text.size(), r.seen + step);
    // A copy: the parser may not lean on the place where the text was.
    r.status = p.feed(std::string(text.substr(0, r.seen)), r.head);
  }
  r.error = p.error_status();
  r.consumed = p.consumed();
  return r;
}

void compare(const reading& a, const reading& b) {
  require(a.status == b.status, "the pieces decide whether a head is good");
  require(a.error == b.error, "the pieces decide the status");
  if (a.status != head_status::complete) return;
  require(a.consumed == b.consumed && a.head.target == b.head.target && a.head.host == b.head.host &&
              a.head.header == b.head.header && a.head.content_length == b.head.content_length &&
              a.head.chunked == b.head.chunked && a.head.close == b.head.close &&
              a.head.trailer == b.head.trailer,
          "the pieces decide what a head says");
}

void compare_with_plain(std::string_view text, const reading& r) {
  const std::optional<fuzz::plain_head> plain = fuzz::read_plainly(text);
  if (r.status == head_status::complete) {
    require(plain.has_value(), "taken, but not by plain code");
    require(plain->size == r.consumed, "the head ends elsewhere");
    require(plain->method == r.head.method && plain->target == r.head.target, "another first line");
    require(plain->chunked == r.head.chunked && plain->content_length == r.head.content_length,
            "another framing");
  }
  // The other way round only what plain code does not look at may be the reason.
  if (r.status == head_status::bad && plain.has_value() && r.error == 400) {
    const std::string_view t = plain->target;
    const bool origin = t[0] == '/' && t.find('%') == std::string_view::npos;
    require(!origin || plain->host != "a" || plain->method == "CONNECT", "refused, but not by plain code");
  }
  require(r.status != head_status::incomplete || !plain.has_value() || text.size() > 4096,
          "not finished with a whole head");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text(data, size);
  if (size > 8192) return 0;
  const reading whole = read(text, text.size() + 1);
  const reading bytes = read(text, 1);
  compare(whole, bytes);
  compare(whole, read(text, 3));
  compare_with_plain(text, whole);
  if (whole.status == head_status::bad) {
    // It was refused with the first byte that made it wrong, and not before.
    require(read(text.substr(0, bytes.seen), size + 1).status == head_status::bad,
            "refused later at once than byte by byte");
    require(
        bytes.seen == 0 || read(text.substr(0, bytes.seen - 1), size + 1).status == head_status::incomplete,
        "refused earlier at once than byte by byte");
  }
  return 0;
}
