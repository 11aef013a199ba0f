// SPDX-License-Identifier: MIT
#include "host_port.hpp"

#include "addr_error.hpp"

namespace warren::net {

namespace {

result<host_port> refused(std::string_view text, std::string_view why) {
  return {host_port{}, errors::of<addr_error>(why, text)};
}

/// Finds the host between its brackets; an empty text says that all is well.
std::string_view find_bracketed(std::string_view text, std::size_t last_colon, std::string_view& host) {
  const std::size_t end = text.find(']');
  if (end == text.npos) return "missing ']' in address";
  if (end + 1 == text.size()) return "missing port in address";
  if (end + 1 != last_colon) return text[end + 1] == ':' ? "too many colons in address" : "missing port in address";
  host = text.substr(1, end - 1);
  if (text.find('[', 1) != text.npos) return "unexpected '[' in address";
  if (text.find(']', end + 1) != text.npos) return "unexpected ']' in address";
  return {};
}

std::string_view find_plain(std::string_view text, std::size_t last_colon, std::string_view& host) {
  host = text.substr(0, last_colon);
  if (host.find(':') != host.npos) return "too many colons in address";
  if (text.find('[') != text.npos) return "unexpected '[' in address";
  if (text.find(']') != text.npos) return "unexpected ']' in address";
  return {};
}

}  // namespace

result<host_port> split_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos) return refused(text, "missing port in address");
  std::string_view host;
  const std::string_view why =
      text[0] == '[' ? find_bracketed(text, colon, host) : find_plain(text, colon, host);
  if (!why.empty()) return refused(text, why);
  return {host_port{std::string(host), std::string(text.substr(colon + 1))}, nil};
}

std::string join_host_port(std::string_view host, std::string_view port) {
  const bool bracketed = host.find(':') != host.npos;
  std::string text;
  text.reserve(host.size() + port.size() + 3);
  if (bracketed) text += '[';
  text += host;
  if (bracketed) text += ']';
  return (text += ':') += port;
}

}  // namespace warren::net
