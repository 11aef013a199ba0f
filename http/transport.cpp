// SPDX-License-Identifier: MIT
#include "transport.hpp"

#include <utility>

#include "../errors/panic.hpp"
#include "connection_pool.hpp"
#include "round_trip.hpp"

namespace warren::http {

transport::transport(transport_options options) : pool_(std::make_shared<connection_pool>(std::move(options))) {}

transport transport::shared() {
  // Never destroyed: responses may outlive main().
  static const transport* const one = new transport(transport_options{});
  return *one;
}

const std::shared_ptr<connection_pool>& transport::checked() const {
  if (pool_ == nullptr) panic("use of a nil http::transport");
  return pool_;
}

const transport_options& transport::options() const { return checked()->options(); }

result<response> transport::round_trip(request r) const { return http::round_trip(checked(), r, 0); }

void transport::close_idle() const { checked()->close_idle(); }

}  // namespace warren::http
