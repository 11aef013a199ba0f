// SPDX-License-Identifier: MIT
#include "precondition.hpp"

#include <cstddef>
#include <optional>

#include "characters.hpp"
#include "date.hpp"
#include "method.hpp"

namespace warren::http {
namespace {

bool is_etag_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == 0x21 || (byte >= 0x23 && byte != 0x7F);
}

/// Takes a tag, `"text"` or `W/"text"`, from the front. Returns: an empty text where there is none.
std::string_view take_etag(std::string_view& list) {
  list = characters::trimmed(list);
  std::size_t at = list.starts_with("W/") ? 2 : 0;
  if (at >= list.size() || list[at] != '"') return {};
  do ++at;
  while (at < list.size() && is_etag_byte(list[at]));
  if (at >= list.size() || list[at] != '"') return {};
  const auto tag = list.substr(0, at + 1);
  list.remove_prefix(tag.size());
  return tag;
}

bool is_strong(std::string_view tag) { return tag.starts_with('"'); }

std::string_view without_weak(std::string_view tag) { return tag.substr(tag.starts_with("W/") ? 2 : 0); }

bool same_strong(std::string_view a, std::string_view b) { return a == b && is_strong(a); }
bool same_weak(std::string_view a, std::string_view b) { return without_weak(a) == without_weak(b); }

/// Returns: whether a list of tags has one that is the same as `etag`, or is `*`.
bool lists(std::string_view list, std::string_view etag, bool (*same)(std::string_view, std::string_view)) {
  for (list = characters::trimmed(list); !list.empty(); list = characters::trimmed(list)) {
    if (list[0] == '*') return true;
    if (list[0] == ',') {
      list.remove_prefix(1);
      continue;
    }
    const auto tag = take_etag(list);
    if (tag.empty()) return false;
    if (same(tag, etag)) return true;
  }
  return false;
}

bool is_read(const request& r) { return r.method == method_get || r.method == method_head; }

std::string_view value(const request& r, std::string_view name) { return r.header.find(name).value_or(""); }

/// Returns: the date in the field, if it has one and it is known when the content was modified.
std::optional<std::int64_t> date(const request& r, std::string_view name, const validators& now) {
  const auto text = r.header.find(name);
  return text && now.modified != 0 ? parse_date(*text) : std::nullopt;
}

bool is_same_demanded_and_gone(const request& r, const validators& now) {
  if (const auto list = value(r, "If-Match"); !list.empty()) return !lists(list, now.etag, same_strong);
  const auto since = date(r, "If-Unmodified-Since", now);
  return since && now.modified > *since;
}

bool is_known_to_client(const request& r, const validators& now) {
  if (const auto list = value(r, "If-None-Match"); !list.empty()) return lists(list, now.etag, same_weak);
  if (!is_read(r)) return false;
  const auto since = date(r, "If-Modified-Since", now);
  return since && now.modified <= *since;
}

}  // namespace

condition check_conditions(const request& r, const validators& now) {
  if (is_same_demanded_and_gone(r, now)) return condition::failed;
  if (!is_known_to_client(r, now)) return condition::met;
  return is_read(r) ? condition::not_modified : condition::failed;
}

bool is_range_wanted(const request& r, const validators& now) {
  auto field = value(r, "If-Range");
  if (field.empty() || !is_read(r)) return true;
  if (const auto tag = take_etag(field); !tag.empty()) return same_strong(tag, now.etag);
  const auto since = date(r, "If-Range", now);
  return since && *since == now.modified;
}

}  // namespace warren::http
