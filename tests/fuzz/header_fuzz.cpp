// SPDX-License-Identifier: MIT
// Whatever is put into a header, what is written are lines that read as the fields put in; and cookies stay in their line.
#include <warren/http/cookie.hpp>
#include <warren/http/field_lines.hpp>
#include <warren/http/header.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "target.hpp"

namespace {

using namespace warren;
using fuzz::require;

/// A line each: `+` adds, `-` deletes, anything else sets; name and value with a colon between.
std::vector<std::pair<std::string, std::string>> change(http::header& h, std::string_view text) {
  std::vector<std::pair<std::string, std::string>> seen;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    const std::string_view value =
        colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
    if (name.starts_with('+')) {
      h.add(name.substr(1), value);
      seen.emplace_back(name.substr(1), value);
    } else if (name.starts_with('-')) {
      h.del(name.substr(1));
      require(!h.has(name.substr(1)), "deleted, and still there");
    } else {
      h.set(name, value);
      require(h.get(name) == value && h.values(name).size() == 1, "set, and something else is there");
    }
  }
  return seen;
}

void check_wire(const http::header& h) {
  std::string text;
  h.write_to(text);
  std::size_t fields = 0;
  for (const auto& [name, value] : h) fields += http::is_valid_name(name) ? 1 : 0;
  text += "\r\n";
  http::field_lines lines;
  lines.start(0);
  std::vector<http::field_place> places;
  for (;;) {
    const auto step = lines.next(text);
    require(step != http::field_lines::step::bad && step != http::field_lines::step::more,
            "a line that cannot be read");
    if (step == http::field_lines::step::field) places.push_back(lines.place());
    if (step == http::field_lines::step::end) break;
  }
  // Only control characters that are no line end can be left in a value, and then it is refused, not split.
  require(places.size() == fields && lines.position() == text.size(), "more lines than fields");
  http::header again;
  again.assign(text, places);
  std::string second;
  again.write_to(second);
  require(second + "\r\n" == text, "what was read is written differently");
}

bool has_control(const http::header& h) {
  for (const auto& [name, value] : h) {
    for (const unsigned char c : value) {
      if ((c < ' ' && c != '\t' && c != '\r' && c != '\n' && c != '\0') || c == 0x7f) return true;
    }
  }
  return false;
}

void check_cookies(std::string_view text) {
  const auto one_line = [](const std::string& line) {
    require(line.find('\r') == std::string::npos && line.find('\n') == std::string::npos,
            "a cookie of two lines");
  };
  if (const auto c = http::parse_set_cookie(text); c.has_value()) {
    const std::string line = to_string(*c);
    one_line(line);
    const auto again = http::parse_set_cookie(line);
    require(again.has_value() && to_string(*again) == line, "a cookie that reads differently");
  }
  http::cookie c;
  c.name = "n";
  c.value = c.path = c.domain = text;
  one_line(to_string(c));
  http::header h;
  h.set("Cookie", text);
  for (const http::cookie& one : http::read_cookies(h)) {
    require(http::is_valid_name(one.name), "a cookie without a name");
    require(http::read_cookie(h, one.name).has_value(), "a cookie that is not found");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text(data, size);
  http::header h;
  change(h, text);
  if (!has_control(h)) check_wire(h);
  const http::header copy = h;
  require(copy == h, "a copy that differs");
  const std::string name = http::canonical_name(text);
  require(http::canonical_name(name) == name && name.size() == size, "a name that changes again");
  check_cookies(text);
  return 0;
}
