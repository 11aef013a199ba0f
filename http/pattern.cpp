// SPDX-License-Identifier: MIT
#include "pattern.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include "characters.hpp"
#include "path.hpp"
#include "quote.hpp"

namespace warren::http {
namespace {

using kind = segment::kind;

bool is_letter(char c) {
  // Whatever is not ASCII counts as a letter here: a name is only compared.
  return characters::is(c, characters::letter_byte) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

bool is_name(std::string_view text) {
  return !text.empty() && is_letter(text[0]) && std::ranges::all_of(text, [](char c) {
    return is_letter(c) || characters::is(c, characters::digit_byte);
  });
}

}  // namespace

/// Takes a pattern's text apart from its front. `offset_` is where an error would be.
class pattern_parser {
 public:
  explicit pattern_parser(std::string_view text) : text_(text), rest_(text) { made_.text_ = text; }

  result<pattern> parse() {
    if (text_.empty()) return {{}, errors::make("empty pattern")};
    warren::error err = parse_all();
    if (err != nil) return {{}, errors::wrap("at offset " + std::to_string(offset_), err)};
    return {std::move(made_), nil};
  }

 private:
  warren::error parse_all() {
    if (warren::error err = parse_method(); err != nil) return err;
    if (warren::error err = parse_host(); err != nil) return err;
    // Paths are cleaned before they are looked up, but for CONNECT.
    if (!made_.method_.empty() && made_.method_ != "CONNECT" && !is_clean_path(rest_)) {
      return errors::make("non-CONNECT pattern with unclean path can never match");
    }
    while (!rest_.empty()) {
      rest_.remove_prefix(1);
      offset_ = text_.size() - rest_.size();
      if (warren::error err = parse_segment(); err != nil) return err;
    }
    return nil;
  }

  warren::error parse_method() {
    const auto blank = rest_.find_first_of(" \t");
    if (blank == std::string_view::npos) return nil;
    made_.method_ = rest_.substr(0, blank);
    if (!made_.method_.empty() && !characters::all(made_.method_, characters::token_byte)) {
      return errors::make("invalid method " + quote(made_.method_));
    }
    offset_ = blank + 1;
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t", blank), rest_.size()));
    return nil;
  }

  warren::error parse_host() {
    const auto slash = rest_.find('/');
    if (slash == std::string_view::npos) return errors::make("host/path missing /");
    made_.host_ = rest_.substr(0, slash);
    if (const auto brace = made_.host_.find('{'); brace != std::string::npos) {
      offset_ += brace;
      return errors::make("host contains '{' (missing initial '/'?)");
    }
    offset_ += slash;
    rest_.remove_prefix(slash);
    return nil;
  }

  warren::error parse_segment() {
    const auto part = rest_.substr(0, rest_.find('/'));
    rest_.remove_prefix(part.size());
    if (part.empty() && rest_.empty()) return add(kind::rest, "");
    const auto brace = part.find('{');
    if (brace == std::string_view::npos) return add(kind::literal, unescaped(part));
    if (brace != 0) return errors::make("bad wildcard segment (must start with '{')");
    if (part.back() != '}') return errors::make("bad wildcard segment (must end with '}')");
    return parse_wildcard(part.substr(1, part.size() - 2));
  }

  warren::error parse_wildcard(std::string_view name) {
    if (name == "$") return rest_.empty() ? add(kind::end, "") : errors::make("{$} not at end");
    const bool takes_rest = name.ends_with("...");
    if (takes_rest && !rest_.empty()) return errors::make("{...} wildcard not at end");
    if (takes_rest) name.remove_suffix(3);
    if (name.empty()) return errors::make("empty wildcard");
    if (!is_name(name)) return errors::make("bad wildcard name " + quote(name));
    if (is_taken(name)) return errors::make("duplicate wildcard name " + quote(name));
    return add(takes_rest ? kind::rest : kind::wildcard, std::string(name));
  }

  bool is_taken(std::string_view name) const {
    return std::ranges::any_of(made_.segments_,
                               [=](const segment& s) { return s.is == kind::wildcard && s.text == name; });
  }

  warren::error add(kind is, std::string text) {
    made_.segments_.push_back({is, std::move(text)});
    return nil;
  }

  std::string_view text_;
  std::string_view rest_;
  std::size_t offset_ = 0;
  pattern made_;
};

result<pattern> pattern::parse(std::string_view text) { return pattern_parser(text).parse(); }

// --- comparing ----------------------------------------------------------------------------------------

namespace {

/// Two patterns are `first` to each other in one respect and `second` in all others: what are they as a whole?
relation combine(relation first, relation second) noexcept {
  if (first == relation::disjoint || second == relation::disjoint) return relation::disjoint;
  if (first == relation::same || first == second) return second;
  if (second == relation::same) return first;
  return relation::overlapping;
}

relation compare_segments(const segment& a, const segment& b) noexcept {
  if (a.is == b.is) return a.is == kind::literal && a.text != b.text ? relation::disjoint : relation::same;
  if (a.is == kind::rest) return relation::wider;
  if (b.is == kind::rest) return relation::narrower;
  if (a.is == kind::end || b.is == kind::end) return relation::disjoint;
  return a.is == kind::wildcard ? relation::wider : relation::narrower;
}

}  // namespace

relation inverse(relation r) noexcept {
  if (r == relation::wider) return relation::narrower;
  if (r == relation::narrower) return relation::wider;
  return r;
}

relation compare_methods(const pattern& a, const pattern& b) noexcept {
  const auto& m = a.method();
  const auto& n = b.method();
  if (m == n) return relation::same;
  if (m.empty() || (m == "GET" && n == "HEAD")) return relation::wider;
  if (n.empty() || (n == "GET" && m == "HEAD")) return relation::narrower;
  return relation::disjoint;
}

relation compare_paths(const pattern& a, const pattern& b) noexcept {
  const auto &s = a.segments(), &t = b.segments();
  relation all = relation::same;
  const auto shared = std::min(s.size(), t.size());
  for (std::size_t i = 0; i < shared; ++i) all = combine(all, compare_segments(s[i], t[i]));
  if (s.size() == t.size()) return all;
  // What the longer one has beyond is for the rest at the end of the shorter one, if there is one.
  if (s.size() < t.size())
    return a.last().is == kind::rest ? combine(all, relation::wider) : relation::disjoint;
  return b.last().is == kind::rest ? combine(all, relation::narrower) : relation::disjoint;
}

bool in_conflict(const pattern& a, const pattern& b) noexcept {
  if (a.host() != b.host()) return false;
  const relation r = combine(compare_methods(a, b), compare_paths(a, b));
  return r == relation::same || r == relation::overlapping;
}

// --- explaining a conflict ----------------------------------------------------------------------------

namespace {

/// Adds what the segment matches: a wildcard's own name is as good as any text.
void append_match(std::string& path, const segment& s) {
  path += '/';
  if (s.is == kind::literal || s.is == kind::wildcard) path += s.text;
}

void append_matches(std::string& path, std::span<const segment> segments) {
  for (const segment& s : segments) append_match(path, s);
}

/// Adds what `s` matches and `t` does not, if there is such a text; else what both match. Returns: false when the
/// path is at its end with that.
bool append_difference(std::string& path, const segment& s, const segment& t) {
  if (s.is == kind::rest) {
    // An empty rest is what `t` does not match, unless that is `{$}`: then it is anything.
    path += '/';
    if (t.is == kind::end) path += s.text.empty() ? "x" : s.text;
    return false;
  }
  append_match(path, s);
  if (s.is == kind::wildcard && t.is == kind::literal && s.text == t.text) path += 'x';
  return true;
}

}  // namespace

std::string describe_conflict(const pattern& a, const pattern& b) {
  const relation methods = compare_methods(a, b), paths = compare_paths(a, b);
  const std::string &first = a.text(), &second = b.text();
  if (combine(methods, paths) == relation::same) return first + " matches the same requests as " + second;
  if (paths == relation::overlapping) {
    return first + " and " + second + " both match some paths, like " + quote(common_path(a, b)) +
           ".\nBut neither is more specific than the other.\n" +                                      //
           first + " matches " + quote(difference_path(a, b)) + ", but " + second + " doesn't.\n" +  //
           second + " matches " + quote(difference_path(b, a)) + ", but " + first + " doesn't.";
  }
  return methods == relation::wider
             ? first + " matches more methods than " + second + ", but has a more specific path pattern"
             : first + " matches fewer methods than " + second + ", but has a more general path pattern";
}

std::string common_path(const pattern& a, const pattern& b) {
  std::string path;
  const std::span<const segment> s = a.segments(), t = b.segments();
  const auto shared = std::min(s.size(), t.size());
  for (std::size_t i = 0; i < shared; ++i) {
    const bool open = s[i].is == kind::wildcard || s[i].is == kind::rest;
    append_match(path, open ? t[i] : s[i]);
  }
  append_matches(path, s.subspan(shared));
  append_matches(path, t.subspan(shared));
  return path;
}

std::string difference_path(const pattern& a, const pattern& b) {
  std::string path;
  const std::span<const segment> s = a.segments(), t = b.segments();
  const auto shared = std::min(s.size(), t.size());
  for (std::size_t i = 0; i < shared; ++i) {
    if (!append_difference(path, s[i], t[i])) return path;
  }
  append_matches(path, s.subspan(shared));
  append_matches(path, t.subspan(shared));
  return path;
}

}  // namespace warren::http
