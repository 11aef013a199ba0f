// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>

#include "../errors/nil.hpp"
#include "../errors/result.hpp"
#include "request.hpp"
#include "response.hpp"
#include "transport_options.hpp"

namespace warren::http {

class connection_pool;

/// Carries requests to their servers over HTTP/1.1, and keeps connections for the next ones. A handle: copies share, a
/// default one is nil, of which only `== nil` may be asked. All may be called from anywhere, at the same time.
///
/// A connection is used again when the response before it was read to its end, or closed with little left of it, and
/// neither side asked to close it. The one used last is taken first. A request that finds none has one dialed, and goes with
/// whatever comes first: that, or one that another request has done with. What is dialed in vain is kept for the next.
///
/// The last handle closes what is idle.
///
/// No proxies, no HTTP/2, and no compression unless the request asks for it and its response is unpacked by whoever
/// asked. Source: Go net/http.Transport.
class transport {
 public:
  transport() noexcept = default;
  transport(std::nullptr_t) noexcept {}
  explicit transport(transport_options options);

  /// Returns: the one that clients without one of their own share. Source: Go net/http.DefaultTransport.
  static transport shared();

  const transport_options& options() const;

  /// Sends one request and returns its response, whatever its status: no redirects. The request's body is closed, also on
  /// failure. Parks: yes. Returns: the response once its head is there; its body must be read or closed, or its last
  /// handle dropped, for the connection to be used again. Source: Go net/http.Transport.RoundTrip.
  result<response> round_trip(request r) const;

  /// Closes the connections that no request uses; what is in use now may be kept afterwards.
  void close_idle() const;

  friend bool operator==(const transport& a, const transport& b) noexcept = default;
  friend bool operator==(const transport& t, std::nullptr_t) noexcept { return t.pool_ == nullptr; }

 private:
  friend class client;

  const std::shared_ptr<connection_pool>& checked() const;

  std::shared_ptr<connection_pool> pool_;
};

}  // namespace warren::http
