// SPDX-License-Identifier: MIT

// Contexts as Go prints them.

#include <cstdio>
#include <ctime>
#include <ostream>
#include <vector>

#include "../runtime/clock.hpp"
#include "../time/duration_text.hpp"
#include "cancel_node.hpp"
#include "context.hpp"
#include "type_name.hpp"

namespace warren {

namespace context_tree {
namespace {

/// Go prints monotonic times as distances from the start of the process.
const std::int64_t started = runtime::now_ns();

std::string fraction_of(std::int64_t ns, bool trim) {
  char digits[11];
  std::snprintf(digits, sizeof digits, ".%09u", static_cast<unsigned>(ns));
  std::string text(digits);
  while (trim && !text.empty() && (text.back() == '0' || text.back() == '.')) text.pop_back();
  return text;
}

/// `2026-11-22 11:26:36.589145761 +0000 UTC`. Source: Go time.Time.String.
std::string wall_time(std::int64_t ns_since_1970) {
  constexpr std::int64_t second = 1'000'000'000;
  const std::int64_t ns = (ns_since_1970 % second + second) % second;
  const std::time_t seconds = (ns_since_1970 - ns) / second;
  std::tm local{};
  ::localtime_r(&seconds, &local);
  char date[40], zone[40];
  std::strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &local);
  std::strftime(zone, sizeof zone, " %z %Z", &local);
  return date + fraction_of(ns, true) + zone;
}

std::string distance_from_start(std::int64_t when) {
  constexpr std::int64_t second = 1'000'000'000;
  const std::int64_t ns = timing::saturating_difference(when, started).count();
  const std::uint64_t size = ns < 0 ? -static_cast<std::uint64_t>(ns) : static_cast<std::uint64_t>(ns);
  return (ns < 0 ? " m=-" : " m=+") + std::to_string(size / second) + fraction_of(static_cast<std::int64_t>(size % second), false);
}

std::string deadline_text(std::int64_t when) {
  const std::int64_t left = timing::saturating_difference(when, runtime::now_ns()).count();
  return wall_time(runtime::saturating_add(runtime::wall_ns(), left)) + distance_from_start(when) + " [" +
         timing::text_of(std::chrono::nanoseconds(left)) + "]";
}

std::string text_of(const value_type& type, const void* v) {
  if (v == nullptr) return "<nil>";
  return type.text != nullptr ? type.text(v) : name_of(*type.info);
}

std::string text_of(const node& n) {
  switch (n.what) {
    case kind::background: return "context.Background";
    case kind::todo: return "context.TODO";
    case kind::without_cancel: return ".WithoutCancel";
    case kind::cancel: return ".WithCancel";
    case kind::deadline:
      return ".WithDeadline(" + deadline_text(static_cast<const cancel_node&>(n).deadline()) + ")";
    case kind::value: {
      const auto& v = static_cast<const value_node&>(n);
      return ".WithValue(" + text_of(*v.key_type, v.key) + ", " + text_of(*v.value_type_is, v.value) + ")";
    }
  }
  return {};
}

}  // namespace
}  // namespace context_tree

std::string to_string(const context& c) {
  if (c == nullptr) return "<nil>";
  std::vector<const context_tree::node*> path;
  for (const context_tree::node* n = node_of(c); n != nullptr; n = n->parent) path.push_back(n);
  std::string text;
  for (auto n = path.rbegin(); n != path.rend(); ++n) text += context_tree::text_of(**n);
  return text;
}

std::ostream& operator<<(std::ostream& out, const context& c) { return out << to_string(c); }

}  // namespace warren
