// SPDX-License-Identifier: MIT
// Certificates and roots as they are loaded.
#include <warren/http/tls.hpp>

#include <gtest/gtest.h>

#include "certificates.hpp"

namespace {

using namespace warren;
using namespace warren::tests;

TEST(tls_certificate, is_loaded_from_files) {
  const pem_pair pair = the_authority().issue();
  const temporary_file certificate("cert.pem", pair.certificate + the_authority().certificate());
  const temporary_file key("key.pem", pair.key);
  auto [c, err] = http::tls_certificate::load(certificate.path(), key.path());
  EXPECT_EQ(err, nil) << err;
  EXPECT_NE(c, nil);
  const temporary_file both("both.pem", pair.key + pair.certificate);
  EXPECT_EQ(http::tls_certificate::load(both.path(), both.path()).err(), nil);
}

TEST(tls_certificate, says_what_is_wrong_with_it) {
  const pem_pair one = the_authority().issue();
  const pem_pair other = the_authority().issue();
  const auto text = [](const std::string& certificate, const std::string& key) {
    auto [c, err] = http::tls_certificate::parse(certificate, key);
    EXPECT_EQ(c, nil);
    return err.message();
  };
  EXPECT_EQ(text("", one.key), "tls: failed to find any PEM data in certificate input");
  EXPECT_EQ(text(one.key, one.key), "tls: failed to find any PEM data in certificate input");
  EXPECT_EQ(text(one.certificate, "nonsense"), "tls: failed to find any PEM data in key input");
  EXPECT_EQ(text(one.certificate, other.key), "tls: private key does not match public key");
  EXPECT_EQ(text(one.certificate.substr(0, one.certificate.size() / 2), one.key),
            "tls: failed to find any PEM data in certificate input");
}

TEST(tls_certificate, says_which_file_is_missing) {
  const pem_pair pair = the_authority().issue();
  const temporary_file certificate("cert.pem", pair.certificate);
  EXPECT_EQ(http::tls_certificate::load("/nowhere/cert.pem", "/nowhere/key.pem").err().message(),
            "open /nowhere/cert.pem: no such file or directory");
  EXPECT_EQ(http::tls_certificate::load(certificate.path(), "/nowhere/key.pem").err().message(),
            "open /nowhere/key.pem: no such file or directory");
}

TEST(tls_certificate, with_a_password_is_an_error_and_no_question) {
  constexpr const char* locked =
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
      "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAiT3wZ0mMTD8wICCAAw\n"
      "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEA==\n"
      "-----END ENCRYPTED PRIVATE KEY-----\n";
  EXPECT_NE(http::tls_certificate::parse(the_authority().issue().certificate, locked).err(), nil);
}

TEST(tls_roots, are_loaded) {
  const authority other;
  const temporary_file file("roots.pem", the_authority().certificate() + other.certificate());
  auto [roots, err] = http::tls_roots::load(file.path());
  EXPECT_EQ(err, nil) << err;
  EXPECT_NE(roots, nil);
  EXPECT_EQ(http::tls_roots::load("/nowhere/roots.pem").err().message(),
            "open /nowhere/roots.pem: no such file or directory");
  EXPECT_EQ(http::tls_roots::parse("nonsense").err().message(), "x509: no certificate found in PEM data");
}

TEST(tls_handles, are_nil_until_they_are_made) {
  EXPECT_EQ(http::tls_certificate(), nil);
  EXPECT_EQ(http::tls_roots(nil), nil);
  const http::tls_config config;
  EXPECT_EQ(config.min_version, http::tls_version::tls_1_2);
  EXPECT_EQ(config.next_protos, std::vector<std::string>{"http/1.1"});
}

}  // namespace
