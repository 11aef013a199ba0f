// SPDX-License-Identifier: MIT
#pragma once

// What the checker is checked by: tries all orders.

#include "history.hpp"

namespace warren::laws {

/// Whether what was done to the only channel of `h`, at most 20 operations, has an order that respects the stamps and that
/// a channel could have done. Refusals are not looked at.
bool has_order(const history& h);

}  // namespace warren::laws
