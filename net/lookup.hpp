// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "../context/context.hpp"
#include "../errors/result.hpp"

namespace warren::net {

/// Looks the addresses of a host up, as the system does it; the nearest come first. An IP address is its own answer.
///
/// The system's look-up blocks a thread, which is not one of the GOMAXPROCS workers; at most 64 go on at a time, and those
/// who ask for one host at a time share one. A context that is done ends the waiting, not the look-up.
/// Parks: yes. Returns: a dns_error as `lookup host.invalid: no such host`. Throws: panic_error for a nil context.
/// Source: Go net.Resolver.LookupHost.
result<std::vector<std::string>> lookup_host(const context& ctx, std::string_view name);

}  // namespace warren::net
