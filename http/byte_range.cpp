// SPDX-License-Identifier: MIT
#include "byte_range.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>

#include "characters.hpp"

namespace warren::http {
namespace {

constexpr std::ptrdiff_t max_ranges = 200;
constexpr std::string_view unit = "bytes=";

/// Returns: nothing where the text is no number without a sign.
std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

enum class verdict : std::uint8_t { good, beyond, malformed };

/// Reads `first-last`, `first-` or `-length`. A length of 0 is what an empty suffix has.
verdict parse_range(std::string_view text, std::int64_t size, byte_range& range) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return verdict::malformed;
  const auto before = characters::trimmed(text.substr(0, dash)),
             behind = characters::trimmed(text.substr(dash + 1));
  if (before.empty()) {
    const auto length = number(behind);
    if (!length) return verdict::malformed;
    range = {size - std::min(*length, size), std::min(*length, size)};
    return verdict::good;
  }
  const auto first = number(before);
  if (!first) return verdict::malformed;
  if (*first >= size) return verdict::beyond;
  const auto last = behind.empty() ? size - 1 : number(behind);
  if (!last || *last < *first) return verdict::malformed;
  range = {*first, std::min(*last, size - 1) - *first + 1};
  return verdict::good;
}

}  // namespace

result<std::vector<byte_range>> parse_ranges(std::string_view field, std::int64_t size) {
  std::vector<byte_range> ranges;
  if (field.empty()) return {ranges, nil};
  if (!field.starts_with(unit)) return {{}, errors::make("invalid range")};
  field.remove_prefix(unit.size());
  if (std::ranges::count(field, ',') >= max_ranges) return {ranges, nil};
  bool some_beyond = false;
  while (!field.empty()) {
    const auto element = characters::next_element(field);
    if (element.empty()) continue;
    byte_range range{};
    switch (parse_range(element, size, range)) {
      case verdict::good:
        ranges.push_back(range);
        break;
      case verdict::beyond:
        some_beyond = true;
        break;
      case verdict::malformed:
        return {{}, errors::make("invalid range")};
    }
  }
  return {ranges, some_beyond && ranges.empty() ? no_overlap : nil};
}

std::string content_range(const byte_range& r, std::int64_t size) {
  return "bytes " + std::to_string(r.start) + '-' + std::to_string(r.start + r.length - 1) + '/' +
         std::to_string(size);
}

}  // namespace warren::http
