// SPDX-License-Identifier: MIT
#include "client_connection.hpp"

#include "characters.hpp"

namespace warren::http {

namespace {

bool has_port(std::string_view host) noexcept {
  const std::size_t colon = host.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == host.size()) return false;
  return host.find(']', colon) == std::string_view::npos;
}

}  // namespace

destination::destination(bool secure, std::string_view host) : key_(1, secure ? secure_mark : plain_mark) {
  key_.reserve(1 + host.size() + 4);
  for (const char c : host) key_.push_back(characters::lower(c));
  if (has_port(host)) return;
  if (key_.back() == ':') key_.pop_back();
  key_.append(secure ? ":443" : ":80");
}

}  // namespace warren::http
