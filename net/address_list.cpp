// SPDX-License-Identifier: MIT
#include "address_list.hpp"

#include <charconv>
#include <string>
#include <utility>

#include "../runtime/blocking.hpp"
#include "host_port.hpp"
#include "lookup.hpp"
#include "net_error.hpp"

namespace warren::net {

namespace {

inline constexpr errors::sentinel missing_address_object{"missing address"};
inline constexpr error missing_address{missing_address_object};

/// A decimal number with an optional sign; what does not fit is out of range. False: it is no number.
bool parse_number(std::string_view text, long& value) noexcept {
  constexpr long out_of_range = 1L << 30;
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  unsigned long n = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (failure == std::errc::invalid_argument || end != text.data() + text.size()) return false;
  const bool fits = failure == std::errc{} && n < static_cast<unsigned long>(out_of_range);
  value = fits ? static_cast<long>(n) : out_of_range;
  if (negative) value = -value;
  return true;
}

error find_port(const network_name& n, const std::string& text, std::uint16_t& port) {
  long value = 0;
  if (!text.empty() && !parse_number(text, value)) {
    value = blocking([&] { return runtime::sys::port_of(text.c_str(), n.socket_kind()); });
    if (value < 0) {
      return errors::of<dns_error>(std::string(n.text) + '/' + text, "unknown port", dns_error::kind::not_found);
    }
  }
  if (value < 0 || value > 65535) return errors::of<addr_error>("invalid port", text);
  port = static_cast<std::uint16_t>(value);
  return nil;
}

bool suits(const network_name& n, const addr& a) noexcept {
  return !(n.v4_only && !a.is_v4()) && !(n.v6_only && !a.is_v6());
}

error find_host(const context& ctx, const network_name& n, const std::string& host, std::uint16_t port,
                std::vector<addr>& list) {
  auto [found, err] = lookup_host(ctx, host);
  if (err != nil) return err;
  for (const std::string& text : found) {
    auto [a, why] = addr::parse_ip(n.kind, text, port);
    if (why == nil && suits(n, a)) list.push_back(std::move(a));
  }
  return list.empty() ? errors::of<addr_error>("no suitable address found", host) : nil;
}

error find_internet(const context& ctx, const network_name& n, std::string_view address, std::vector<addr>& list) {
  host_port parts;
  std::uint16_t port = 0;
  if (!address.empty()) {
    error err;
    std::tie(parts, err) = split_host_port(address);
    if (err == nil) err = find_port(n, parts.port, port);
    if (err != nil) return err;
  }
  if (!parts.host.empty()) return find_host(ctx, n, parts.host, port, list);
  list.push_back(addr::any_host(n.kind, port));
  return nil;
}

}  // namespace

address_list find_addresses(const context& ctx, std::string_view network, std::string_view address,
                            use_of_address use) {
  const network_name* n = find_network(network);
  if (n == nullptr) return {n, {}, errors::of<unknown_network_error>(network)};
  if (use == use_of_address::dial && address.empty()) return {n, {}, missing_address};
  if (n->is_unix()) return {n, {addr::unix_path(std::string(address))}, nil};
  address_list list{n, {}, nil};
  list.err = find_internet(ctx, *n, address, list.addresses);
  return list;
}

}  // namespace warren::net
