// SPDX-License-Identifier: MIT
#include "conn_state.hpp"

namespace warren::http {

std::string_view to_string(conn_state s) noexcept {
  switch (s) {
    case conn_state::fresh: return "new";
    case conn_state::active: return "active";
    case conn_state::idle: return "idle";
    case conn_state::hijacked: return "hijacked";
    case conn_state::closed: return "closed";
  }
  return {};
}

}  // namespace warren::http
