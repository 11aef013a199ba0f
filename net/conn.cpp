// SPDX-License-Identifier: MIT
#include "conn.hpp"

#include "../errors/panic.hpp"

namespace warren::net {

void conn::used_nil() { panic("runtime error: invalid memory address or nil pointer dereference"); }

}  // namespace warren::net
