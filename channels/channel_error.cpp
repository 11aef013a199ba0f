// SPDX-License-Identifier: MIT
#include "channel_error.hpp"

namespace warren {

channel_error::channel_error(const char* text) : std::runtime_error(text) {}

}  // namespace warren
