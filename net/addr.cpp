// SPDX-License-Identifier: MIT
#include "addr.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstring>
#include <netinet/in.h>
#include <ostream>
#include <utility>

#include "../runtime/sockets.hpp"
#include "host_port.hpp"
#include "parse_error.hpp"

namespace warren::net {

namespace {

constexpr std::uint8_t v4_in_v6[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::uint32_t zone_number(const std::string& name) {
  std::uint32_t number = 0;
  const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (failure == std::errc{} && end == name.data() + name.size()) return number;
  return runtime::sys::interface_index(name.c_str());
}

std::string zone_text(std::uint32_t zone) {
  char name[16];
  return runtime::sys::interface_name(zone, name) ? std::string(name) : std::to_string(zone);
}

}  // namespace

std::string_view to_string(network n) noexcept {
  switch (n) {
    case network::none: return "";
    case network::tcp: return "tcp";
    case network::udp: return "udp";
    case network::unix_stream: return "unix";
    case network::pipe: return "pipe";
  }
  return "";
}

addr addr::any_host(net::network n, std::uint16_t port) noexcept {
  addr a;
  a.network_ = n;
  a.port_ = port;
  return a;
}

addr addr::v4(net::network n, const std::uint8_t (&ip)[4], std::uint16_t port) noexcept {
  addr a = any_host(n, port);
  a.form_ = form::v4;
  std::copy(std::begin(v4_in_v6), std::end(v4_in_v6), a.ip_.begin());
  std::copy(std::begin(ip), std::end(ip), a.ip_.begin() + 12);
  return a;
}

addr addr::v6(net::network n, const bytes& ip, std::uint32_t zone, std::uint16_t port) noexcept {
  addr a = any_host(n, port);
  a.ip_ = ip;
  // A socket for both families tells of IPv4 peers like this; they are meant, and shown, as what they are.
  const bool mapped = std::equal(std::begin(v4_in_v6), std::end(v4_in_v6), ip.begin());
  a.form_ = mapped ? form::v4 : form::v6;
  if (!mapped) a.zone_ = zone;
  return a;
}

addr addr::unix_path(std::string path) {
  addr a = any_host(net::network::unix_stream, 0);
  a.path_ = std::move(path);
  return a;
}

addr addr::of_pipe() noexcept { return any_host(net::network::pipe, 0); }

result<addr> addr::parse_ip(net::network n, std::string_view text, std::uint16_t port) {
  const std::size_t percent = text.find('%');
  const std::string number(text.substr(0, percent));
  const std::string zone(percent == text.npos ? "" : text.substr(percent + 1));
  std::uint8_t four[4];
  bytes sixteen;
  if (percent == text.npos && ::inet_pton(AF_INET, number.c_str(), four) == 1) return {v4(n, four, port), nil};
  const bool is_v6 = number.find('\0') == number.npos && ::inet_pton(AF_INET6, number.c_str(), sixteen.data()) == 1;
  if (!is_v6 || (percent != text.npos && zone.empty())) return {addr{}, errors::of<parse_error>("IP address", text)};
  return {v6(n, sixteen, zone.empty() ? 0 : zone_number(zone), port), nil};
}

std::string addr::ip() const {
  char text[INET6_ADDRSTRLEN] = {};
  if (form_ == form::none) return {};
  if (form_ == form::v4) {
    ::inet_ntop(AF_INET, ip_.data() + 12, text, sizeof text);
    return text;
  }
  ::inet_ntop(AF_INET6, ip_.data(), text, sizeof text);
  return zone_ != 0 ? std::string(text) + '%' + zone_text(zone_) : text;
}

bool addr::is_wildcard() const noexcept {
  if (form_ == form::none) return true;
  const auto zero = [](std::uint8_t b) { return b == 0; };
  return std::all_of(ip_.begin() + (form_ == form::v4 ? 12 : 0), ip_.end(), zero);
}

addr addr::with_port(std::uint16_t port) const {
  addr a = *this;
  a.port_ = port;
  return a;
}

std::string to_string(const addr& a) {
  switch (a.family()) {
    case network::none: return "<nil>";
    case network::pipe: return "pipe";
    case network::unix_stream: return a.path().empty() ? "@" : a.path();
    case network::tcp:
    case network::udp: break;
  }
  return join_host_port(a.ip(), std::to_string(a.port()));
}

std::ostream& operator<<(std::ostream& out, const addr& a) { return out << to_string(a); }

}  // namespace warren::net

std::size_t std::hash<warren::net::addr>::operator()(const warren::net::addr& a) const noexcept {
  const auto& ip = a.ip_bytes();
  const std::hash<std::string_view> of_text;
  const std::size_t host = of_text({reinterpret_cast<const char*>(ip.data()), ip.size()});
  const std::size_t place = (std::size_t{a.port()} << 8) ^ static_cast<std::size_t>(a.family()) ^ a.zone();
  return host ^ (of_text(a.path()) * 31) ^ (place * 0x9E3779B97F4A7C15ULL);
}
