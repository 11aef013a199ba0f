// SPDX-License-Identifier: MIT
#include "certificates.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>

namespace warren::tests {

namespace {

EVP_PKEY* new_key() { return EVP_EC_gen("P-256"); }

template <class Write>
std::string pem_of(Write write) {
  BIO* out = BIO_new(BIO_s_mem());
  write(out);
  char* at = nullptr;
  const long n = BIO_get_mem_data(out, &at);
  std::string text(at, static_cast<std::size_t>(n));
  BIO_free(out);
  return text;
}

void extend(X509* c, int what, const std::string& value) {
  X509_EXTENSION* e = X509V3_EXT_conf_nid(nullptr, nullptr, what, value.c_str());
  if (e == nullptr) std::abort();
  X509_add_ext(c, e, -1);
  X509_EXTENSION_free(e);
}

X509* new_certificate(const std::string& common_name, long begins_in, long ends_in, EVP_PKEY* key) {
  static std::atomic<long> serial{1};
  X509* c = X509_new();
  X509_set_version(c, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(c), serial++);
  X509_gmtime_adj(X509_getm_notBefore(c), begins_in);
  X509_gmtime_adj(X509_getm_notAfter(c), ends_in);
  X509_set_pubkey(c, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
  return c;
}

std::string alternative_names(const certificate_wish& wish) {
  std::string all;
  for (const std::string& n : wish.names) all += (all.empty() ? "DNS:" : ",DNS:") + n;
  for (const std::string& a : wish.addresses) all += (all.empty() ? "IP:" : ",IP:") + a;
  return all;
}

std::string pem_of_certificate(X509* c) {
  return pem_of([&](BIO* out) { PEM_write_bio_X509(out, c); });
}

}  // namespace

authority::authority() {
  EVP_PKEY* key = new_key();
  X509* own = new_certificate("warren test authority", -3600, 10L * 24 * 3600, key);
  X509_set_issuer_name(own, X509_get_subject_name(own));
  extend(own, NID_basic_constraints, "critical,CA:TRUE");
  extend(own, NID_key_usage, "critical,keyCertSign");
  X509_sign(own, key, EVP_sha256());
  certificate_ = own;
  key_ = key;
  pem_ = pem_of_certificate(own);
}

authority::~authority() {
  X509_free(static_cast<X509*>(certificate_));
  EVP_PKEY_free(static_cast<EVP_PKEY*>(key_));
}

pem_pair authority::issue(const certificate_wish& wish) const {
  EVP_PKEY* key = new_key();
  X509* c = new_certificate(wish.common_name, wish.begins_in, wish.ends_in, key);
  X509_set_issuer_name(c, X509_get_subject_name(static_cast<X509*>(certificate_)));
  if (const std::string names = alternative_names(wish); !names.empty()) extend(c, NID_subject_alt_name, names);
  X509_sign(c, static_cast<EVP_PKEY*>(key_), EVP_sha256());
  pem_pair made{pem_of_certificate(c), pem_of([&](BIO* out) {
                  PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
                })};
  X509_free(c);
  EVP_PKEY_free(key);
  return made;
}

const authority& the_authority() {
  static const authority one;
  return one;
}

temporary_file::temporary_file(const std::string& name, const std::string& text) {
  char pattern[] = "/tmp/warren-tls-XXXXXX";
  if (::mkdtemp(pattern) == nullptr) std::abort();
  folder_ = pattern;
  path_ = folder_ + "/" + name;
  std::ofstream(path_) << text;
}

temporary_file::~temporary_file() {
  ::unlink(path_.c_str());
  ::rmdir(folder_.c_str());
}

}  // namespace warren::tests
