// SPDX-License-Identifier: MIT
#include "plain_head.hpp"

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

namespace warren::fuzz {

namespace {

bool is_token(std::string_view s) {
  return !s.empty() && std::all_of(s.begin(), s.end(), [](unsigned char c) {
    return c < 128 &&
           (std::isalnum(c) != 0 ||
            std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos);
  });
}

std::string lowered(std::string_view s) {
  std::string l(s);
  for (char& c : l) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return l;
}

std::string_view stripped(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

struct field {
  std::string name;
  std::string_view value;
};

std::optional<field> read_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return std::nullopt;
  const std::string_view value = stripped(line.substr(colon + 1));
  for (const unsigned char c : line.substr(colon + 1)) {
    if ((c < 32 && c != '\t') || c == 127) return std::nullopt;
  }
  return field{lowered(line.substr(0, colon)), value};
}

std::optional<std::int64_t> read_length(std::string_view digits) {
  constexpr std::string_view largest = "9223372036854775807";
  if (digits.empty() ||
      !std::all_of(digits.begin(), digits.end(), [](unsigned char c) { return c >= '0' && c <= '9'; })) {
    return std::nullopt;
  }
  while (digits.size() > 1 && digits[0] == '0') digits.remove_prefix(1);
  if (digits.size() > largest.size() || (digits.size() == largest.size() && digits > largest))
    return std::nullopt;
  return std::stoll(std::string(digits));
}

bool read_first_line(std::string_view line, plain_head& h, bool& old) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return false;
  h.method = line.substr(0, first);
  h.target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  old = version == "HTTP/1.0";
  for (const unsigned char c : h.target) {
    if (c <= ' ' || c == 127 || c == '#') return false;
  }
  return is_token(h.method) && !h.target.empty() && (old || version == "HTTP/1.1");
}

}  // namespace

std::optional<plain_head> read_plainly(std::string_view text) {
  plain_head h;
  bool old = false;
  std::string_view rest = text;
  if (rest.starts_with("\r\n")) rest.remove_prefix(2);
  std::vector<std::string_view> lines;
  for (;;) {
    const std::size_t end = rest.find("\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    lines.push_back(rest.substr(0, end));
    rest.remove_prefix(end + 2);
    if (lines.back().empty()) break;
  }
  lines.pop_back();
  h.size = text.size() - rest.size();
  if (lines.empty() || !read_first_line(lines[0], h, old)) return std::nullopt;
  std::vector<std::string_view> hosts;
  std::vector<std::string_view> lengths;
  std::vector<std::string_view> codings;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::optional<field> f = read_field(lines[i]);
    if (!f.has_value()) return std::nullopt;
    if (f->name == "host") hosts.push_back(f->value);
    if (f->name == "content-length") lengths.push_back(f->value);
    if (f->name == "transfer-encoding") codings.push_back(f->value);
  }
  h.fields = lines.size() - 1;
  if (hosts.size() > 1 || (hosts.empty() && !old)) return std::nullopt;
  if (!hosts.empty()) h.host = hosts[0];
  if (!codings.empty()) {
    if (old || codings.size() > 1 || !lengths.empty() || lowered(codings[0]) != "chunked")
      return std::nullopt;
    h.chunked = true;
  }
  for (const std::string_view length : lengths) {
    const std::optional<std::int64_t> n = read_length(length);
    if (!n.has_value() || length != lengths[0]) return std::nullopt;
    h.content_length = *n;
  }
  return h;
}

}  // namespace warren::fuzz
