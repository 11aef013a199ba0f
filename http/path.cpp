// SPDX-License-Identifier: MIT
#include "path.hpp"

#include <cstddef>
#include <utility>

#include "url.hpp"

namespace warren::http {
namespace {

/// Takes the first element, and the slash behind it, from the front of a path.
std::string_view take_element(std::string_view& path) {
  const auto slash = path.find('/');
  const auto element = path.substr(0, slash);
  path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  return element;
}

/// Drops the last element of what lies beyond `fixed`. Returns: false when there is none.
bool drop_last(std::string& path, std::size_t fixed) {
  if (path.size() == fixed) return false;
  const auto slash = path.rfind('/');
  path.resize(slash == std::string::npos || slash < fixed ? fixed : slash);
  return true;
}

void append(std::string& path, std::string_view element) {
  if (!path.empty() && path.back() != '/') path += '/';
  path += element;
}

}  // namespace

std::string clean(std::string_view path) {
  std::string out;
  const bool rooted = path.starts_with('/');
  if (rooted) out += '/';
  std::size_t fixed = out.size();  // the root, or the ".." at the beginning: no ".." takes that away
  while (!path.empty()) {
    const auto element = take_element(path);
    if (element.empty() || element == ".") continue;
    if (element != "..") {
      append(out, element);
    } else if (!drop_last(out, fixed) && !rooted) {
      append(out, element);
      fixed = out.size();
    }
  }
  return out.empty() ? "." : out;
}

std::string clean_path(std::string_view path) {
  const bool slash_at_end = path.ends_with('/');
  std::string out = clean(path.starts_with('/') ? std::string(path) : '/' + std::string(path));
  if (slash_at_end && out != "/") out += '/';
  return out;
}

bool is_clean_path(std::string_view path) noexcept {
  if (!path.starts_with('/')) return false;
  path.remove_prefix(1);
  while (!path.empty()) {
    const auto element = take_element(path);
    if (element.empty() || element == "." || element == "..") return false;
  }
  return true;
}

std::string_view base_name(std::string_view path) noexcept {
  if (path.empty()) return ".";
  const auto last = path.find_last_not_of('/');
  if (last == std::string_view::npos) return "/";
  path = path.substr(0, last + 1);
  return path.substr(path.rfind('/') + 1);
}

std::string_view extension(std::string_view path) noexcept {
  const auto at = path.find_last_of("./");
  return at == std::string_view::npos || path[at] == '/' ? std::string_view() : path.substr(at);
}

std::string unescaped(std::string_view text) {
  auto [plain, err] = path_unescape(text);
  return err == nil ? std::move(plain) : std::string(text);
}

}  // namespace warren::http
