// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>
#include <vector>

#include "../context/context.hpp"
#include "../errors/error.hpp"
#include "addr.hpp"
#include "network_name.hpp"

namespace warren::net {

enum class use_of_address : unsigned char { dial, listen };

struct address_list {
  const network_name* network = nullptr;
  std::vector<addr> addresses;  ///< at least one without an error
  error err;
};

/// Reads a network's name and an address in it, and looks up what has to be.
/// Parks: while a name is looked up. Returns: errors as `unknown network X` and `address X: missing port in address`.
address_list find_addresses(const context& ctx, std::string_view network, std::string_view address, use_of_address use);

}  // namespace warren::net
