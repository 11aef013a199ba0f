// SPDX-License-Identifier: MIT
#include "timeout_error.hpp"

#include "../context/context.hpp"

namespace warren::http {

bool timeout_error::is(warren::error target) const { return target == context::deadline_exceeded; }

}  // namespace warren::http
