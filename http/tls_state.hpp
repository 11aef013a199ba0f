// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "../errors/error.hpp"
#include "tls_config.hpp"

// What a handshake leads to.

namespace warren::http {

/// The first bytes of the peer were no TLS: `tls: first record does not look like a TLS handshake`.
/// Source: Go crypto/tls.RecordHeaderError.
class tls_record_header_error final : public errors::base {
 public:
  explicit tls_record_header_error(std::string_view header) : header_(header) {}

  /// What came in the place of a record's header, 5 bytes at most; `HTTP/` from a server that speaks plain HTTP.
  const std::string& header() const noexcept { return header_; }
  std::string message() const override;

 private:
  std::string header_;
};

/// What a handshake has settled. Source: Go crypto/tls.ConnectionState.
struct tls_state {
  tls_version version = tls_version::tls_1_2;
  std::string cipher_suite;         ///< `TLS_AES_128_GCM_SHA256`
  std::string negotiated_protocol;  ///< ALPN; empty: none
  std::string server_name;          ///< whom the client asked for
};

}  // namespace warren::http
