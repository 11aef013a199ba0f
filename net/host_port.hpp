// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "../errors/result.hpp"

namespace warren::net {

struct host_port {
  std::string host;
  std::string port;
};

/// Splits `host:port`, `[host]:port` or `[host%zone]:port`; the host comes without brackets.
/// Returns: an addr_error as `address X: missing port in address`. Source: Go net.SplitHostPort.
result<host_port> split_host_port(std::string_view text);

/// Returns: `host:port`, with brackets around a host that has a colon. Source: Go net.JoinHostPort.
std::string join_host_port(std::string_view host, std::string_view port);

}  // namespace warren::net
