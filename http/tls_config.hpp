// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "../errors/nil.hpp"
#include "../errors/result.hpp"

namespace warren::http {

/// A certificate with those that lead from it towards a root, and its private key. A handle: copies share; a default one
/// is nil. Source: Go crypto/tls.Certificate.
class tls_certificate {
 public:
  tls_certificate() noexcept = default;
  tls_certificate(std::nullptr_t) noexcept {}

  /// Reads two PEM files; they may be one. Source: Go tls.LoadX509KeyPair.
  static result<tls_certificate> load(const std::string& cert_file, const std::string& key_file);
  /// The same of texts. Source: Go tls.X509KeyPair.
  static result<tls_certificate> parse(std::string_view cert_pem, std::string_view key_pem);

  friend bool operator==(const tls_certificate& a, const tls_certificate& b) noexcept = default;
  friend bool operator==(const tls_certificate& c, std::nullptr_t) noexcept { return c.shared_ == nullptr; }

 private:
  friend class tls_keeper;
  std::shared_ptr<const void> shared_;
};

/// The certificates that a client trusts. A handle: copies share; nil stands for those of the system.
/// Source: Go crypto/x509.CertPool.
class tls_roots {
 public:
  tls_roots() noexcept = default;
  tls_roots(std::nullptr_t) noexcept {}

  /// Reads a PEM file with one certificate or more.
  static result<tls_roots> load(const std::string& file);
  /// The same of a text.
  static result<tls_roots> parse(std::string_view pem);

  friend bool operator==(const tls_roots& a, const tls_roots& b) noexcept = default;
  friend bool operator==(const tls_roots& r, std::nullptr_t) noexcept { return r.shared_ == nullptr; }

 private:
  friend class tls_keeper;
  std::shared_ptr<const void> shared_;
};

enum class tls_version : std::uint16_t { tls_1_2 = 0x0303, tls_1_3 = 0x0304 };

/// How sessions are made; a value. Source: Go crypto/tls.Config.
struct tls_config {
  tls_certificate certificate{};      ///< the server's; for a client what it shows when it is asked
  tls_roots roots{};                  ///< whom a client trusts; nil: whom the system does
  std::string server_name{};          ///< whom a client expects: a host name or an address
  bool insecure_skip_verify = false;  ///< a client believes anybody; for tests
  tls_version min_version = tls_version::tls_1_2;
  std::vector<std::string> next_protos{"http/1.1"};  ///< ALPN, in order of preference
};

}  // namespace warren::http
