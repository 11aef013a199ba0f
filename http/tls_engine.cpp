// SPDX-License-Identifier: MIT
#include "tls_engine.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "../net/eof.hpp"
#include "../net/net_error.hpp"
#include "../runtime/clock.hpp"
#include "../runtime/system.hpp"

namespace warren::http {

namespace {

template <auto Free>
struct deleter {
  template <class T>
  void operator()(T* t) const noexcept {
    Free(t);
  }
};
void free_certificates(STACK_OF(X509)* all) noexcept { sk_X509_pop_free(all, X509_free); }

using certificate_ptr = std::unique_ptr<X509, deleter<X509_free>>;
using certificates_ptr = std::unique_ptr<STACK_OF(X509), deleter<free_certificates>>;
using key_ptr = std::unique_ptr<EVP_PKEY, deleter<EVP_PKEY_free>>;
using store_ptr = std::unique_ptr<X509_STORE, deleter<X509_STORE_free>>;
using bio_ptr = std::unique_ptr<BIO, deleter<BIO_free_all>>;
using address_ptr = std::unique_ptr<ASN1_OCTET_STRING, deleter<ASN1_OCTET_STRING_free>>;

/// What stands behind a tls_certificate.
struct identity {
  certificate_ptr leaf;
  certificates_ptr chain;
  key_ptr key;
};

/// What stands behind tls_roots.
struct trust {
  store_ptr store;
};

constexpr std::size_t record_header = 5;
constexpr std::size_t small_input = 4 * 1024;
constexpr std::size_t large_input = 32 * 1024;  // more than any record

}  // namespace

/// Opens the handles.
class tls_keeper {
 public:
  static tls_certificate keep(std::shared_ptr<const identity> i) {
    tls_certificate c;
    c.shared_ = std::move(i);
    return c;
  }
  static tls_roots keep(std::shared_ptr<const trust> t) {
    tls_roots r;
    r.shared_ = std::move(t);
    return r;
  }
  static const identity* of(const tls_certificate& c) noexcept { return static_cast<const identity*>(c.shared_.get()); }
  static const trust* of(const tls_roots& r) noexcept { return static_cast<const trust*>(r.shared_.get()); }
};

// --- reading certificates

namespace {

result<std::string> file_text(const std::string& path) {
  constexpr std::size_t most = 4 * 1024 * 1024;
  std::string text(most, '\0');
  const long n = runtime::sys::read_file(path.c_str(), text.data(), text.size());
  if (n < 0) return {{}, errors::make("open " + path + ": " + net::errno_text(static_cast<int>(-n)))};
  text.resize(static_cast<std::size_t>(n));
  text.shrink_to_fit();
  return {std::move(text), nil};
}

bio_ptr over(std::string_view text) { return bio_ptr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

/// A key that needs a password is an error, not a question on the terminal.
int no_password(char*, int, int, void*) { return -1; }

certificate_ptr next_certificate(BIO* from) {
  return certificate_ptr(PEM_read_bio_X509(from, nullptr, no_password, nullptr));
}

}  // namespace

result<tls_certificate> tls_certificate::parse(std::string_view cert_pem, std::string_view key_pem) {
  auto made = std::make_shared<identity>();
  const bio_ptr certificates = over(cert_pem);
  made->leaf = next_certificate(certificates.get());
  if (made->leaf == nullptr) {
    ERR_clear_error();
    return {{}, errors::make("tls: failed to find any PEM data in certificate input")};
  }
  made->chain.reset(sk_X509_new_null());
  while (certificate_ptr next = next_certificate(certificates.get())) sk_X509_push(made->chain.get(), next.release());
  made->key.reset(PEM_read_bio_PrivateKey(over(key_pem).get(), nullptr, no_password, nullptr));
  const bool fits = made->key != nullptr && X509_check_private_key(made->leaf.get(), made->key.get()) == 1;
  ERR_clear_error();
  if (made->key == nullptr) return {{}, errors::make("tls: failed to find any PEM data in key input")};
  if (!fits) return {{}, errors::make("tls: private key does not match public key")};
  return {tls_keeper::keep(std::move(made)), nil};
}

result<tls_certificate> tls_certificate::load(const std::string& cert_file, const std::string& key_file) {
  auto [certificate, cert_error] = file_text(cert_file);
  if (cert_error != nil) return {{}, cert_error};
  auto [key, key_error] = file_text(key_file);
  if (key_error != nil) return {{}, key_error};
  auto made = parse(certificate, key);
  OPENSSL_cleanse(key.data(), key.size());
  return made;
}

result<tls_roots> tls_roots::parse(std::string_view pem) {
  auto made = std::make_shared<trust>();
  made->store.reset(X509_STORE_new());
  // Whatever is in it is trusted, not only what has signed itself: as Go does it.
  X509_STORE_set_flags(made->store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  const bio_ptr certificates = over(pem);
  bool any = false;
  while (const certificate_ptr next = next_certificate(certificates.get())) {
    any = X509_STORE_add_cert(made->store.get(), next.get()) == 1 || any;
  }
  ERR_clear_error();
  if (!any) return {{}, errors::make("x509: no certificate found in PEM data")};
  return {tls_keeper::keep(std::move(made)), nil};
}

result<tls_roots> tls_roots::load(const std::string& file) {
  auto [text, err] = file_text(file);
  if (err != nil) return {{}, err};
  return parse(text);
}

// --- errors

std::string tls_record_header_error::message() const { return "tls: first record does not look like a TLS handshake"; }

namespace {

const char* alert_text(int alert) noexcept {
  switch (alert) {
    case SSL3_AD_UNEXPECTED_MESSAGE: return "unexpected message";
    case SSL3_AD_BAD_RECORD_MAC: return "bad record MAC";
    case TLS1_AD_RECORD_OVERFLOW: return "record overflow";
    case SSL3_AD_HANDSHAKE_FAILURE: return "handshake failure";
    case SSL3_AD_BAD_CERTIFICATE: return "bad certificate";
    case SSL3_AD_UNSUPPORTED_CERTIFICATE: return "unsupported certificate";
    case SSL3_AD_CERTIFICATE_REVOKED: return "revoked certificate";
    case SSL3_AD_CERTIFICATE_EXPIRED: return "expired certificate";
    case SSL3_AD_CERTIFICATE_UNKNOWN: return "unknown certificate";
    case SSL3_AD_ILLEGAL_PARAMETER: return "illegal parameter";
    case TLS1_AD_UNKNOWN_CA: return "unknown certificate authority";
    case TLS1_AD_ACCESS_DENIED: return "access denied";
    case TLS1_AD_DECODE_ERROR: return "error decoding message";
    case TLS1_AD_DECRYPT_ERROR: return "error decrypting message";
    case TLS1_AD_PROTOCOL_VERSION: return "protocol version not supported";
    case TLS1_AD_INSUFFICIENT_SECURITY: return "insufficient security level";
    case TLS1_AD_INTERNAL_ERROR: return "internal error";
    case TLS1_AD_INAPPROPRIATE_FALLBACK: return "inappropriate fallback";
    case TLS1_AD_USER_CANCELLED: return "user canceled";
    case TLS1_AD_NO_RENEGOTIATION: return "no renegotiation";
    case TLS13_AD_MISSING_EXTENSION: return "missing extension";
    case TLS1_AD_UNSUPPORTED_EXTENSION: return "unsupported extension";
    case TLS1_AD_UNRECOGNIZED_NAME: return "unrecognized name";
    case TLS1_AD_UNKNOWN_PSK_IDENTITY: return "unknown PSK identity";
    case TLS13_AD_CERTIFICATE_REQUIRED: return "certificate required";
    case TLS1_AD_NO_APPLICATION_PROTOCOL: return "no application protocol";
    default: return nullptr;
  }
}

warren::error remote_alert(int alert) {
  const char* known = alert_text(alert);
  return errors::make("remote error: tls: " +
                      (known != nullptr ? std::string(known) : "alert(" + std::to_string(alert) + ")"));
}

/// What the error queue says; it is empty afterwards.
warren::error queued_error() {
  const unsigned long first = ERR_get_error();
  ERR_clear_error();
  if (first == 0) return errors::make("tls: internal error");
  const int reason = ERR_GET_REASON(first);
  const bool of_tls = ERR_GET_LIB(first) == ERR_LIB_SSL;
  if (of_tls && reason > SSL_AD_REASON_OFFSET && reason <= SSL_AD_REASON_OFFSET + 255) {
    return remote_alert(reason - SSL_AD_REASON_OFFSET);
  }
  if (of_tls && reason == SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC) {
    return errors::make("local error: tls: bad record MAC");
  }
  const char* text = ERR_reason_error_string(first);
  return errors::make(std::string("tls: ") + (text != nullptr ? text : "protocol error"));
}

// --- verifying a server's certificate, in the order in which Go does it

std::string time_text(const std::tm& t) {
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &t);
  return text;
}

std::string time_text(const ASN1_TIME* t) {
  std::tm parts{};
  return ASN1_TIME_to_tm(t, &parts) == 1 ? time_text(parts) : std::string("?");
}

std::string now_text() {
  const std::time_t now = runtime::wall_ns() / 1'000'000'000;
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  return time_text(parts);
}

constexpr const char* out_of_time = "x509: certificate has expired or is not yet valid";

warren::error check_time(const X509* leaf) {
  const ASN1_TIME* begin = X509_get0_notBefore(leaf);
  const ASN1_TIME* end = X509_get0_notAfter(leaf);
  const bool early = X509_cmp_current_time(begin) > 0;
  const bool late = X509_cmp_current_time(end) < 0;
  if (!early && !late) return nil;
  return errors::make(std::string(out_of_time) + ": current time " + now_text() +
                      (early ? " is before " + time_text(begin) : " is after " + time_text(end)));
}

address_ptr as_address(const std::string& host) { return address_ptr(a2i_IPADDRESS(host.c_str())); }

std::string address_text(const ASN1_STRING* a) {
  const int bytes = ASN1_STRING_length(a);
  char text[INET6_ADDRSTRLEN] = "?";
  if (bytes == 4 || bytes == 16) ::inet_ntop(bytes == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(a), text, sizeof text);
  return text;
}

/// The host names or the addresses that the certificate is for, as `a, b`.
std::string names_in(X509* leaf, int kind) {
  std::string all;
  auto* names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(leaf, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    int type = 0;
    const auto* value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type));
    if (type != kind) continue;
    if (!all.empty()) all += ", ";
    if (kind == GEN_IPADD) {
      all += address_text(value);
    } else {
      all.append(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                 static_cast<std::size_t>(ASN1_STRING_length(value)));
    }
  }
  GENERAL_NAMES_free(names);
  return all;
}

warren::error check_name(X509* leaf, const std::string& host) {
  const bool is_address = as_address(host) != nullptr;
  const unsigned flags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
  const int match = is_address ? X509_check_ip_asc(leaf, host.c_str(), 0)
                               : X509_check_host(leaf, host.data(), host.size(), flags, nullptr);
  if (match == 1) return nil;
  const std::string valid = names_in(leaf, is_address ? GEN_IPADD : GEN_DNS);
  if (!valid.empty()) return errors::make("x509: certificate is valid for " + valid + ", not " + host);
  if (is_address) {
    return errors::make("x509: cannot validate certificate for " + host + " because it doesn't contain any IP SANs");
  }
  if (X509_check_host(leaf, host.data(), host.size(), X509_CHECK_FLAG_ALWAYS_CHECK_SUBJECT, nullptr) == 1) {
    return errors::make("x509: certificate relies on legacy Common Name field, use SANs instead");
  }
  return errors::make("x509: certificate is not valid for any names, but wanted to match " + host);
}

warren::error chain_error(int code) {
  switch (code) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_CERT_UNTRUSTED: return errors::make("x509: certificate signed by unknown authority");
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID: return errors::make(out_of_time);
    case X509_V_ERR_INVALID_PURPOSE: return errors::make("x509: certificate specifies an incompatible key usage");
    case X509_V_ERR_INVALID_CA:
      return errors::make("x509: certificate is not authorized to sign other certificates");
    case X509_V_ERR_PATH_LENGTH_EXCEEDED:
      return errors::make("x509: too many intermediates for path length constraint");
    default: return errors::make(std::string("x509: ") + X509_verify_cert_error_string(code));
  }
}

/// The code that is left in `check` decides which alert the server gets.
warren::error check_certificate(X509_STORE_CTX* check, const std::string& host) {
  X509* leaf = X509_STORE_CTX_get0_cert(check);
  X509_STORE_CTX_set_error(check, X509_V_ERR_CERT_HAS_EXPIRED);
  if (warren::error err = check_time(leaf); err != nil) return err;
  X509_STORE_CTX_set_error(check, X509_V_ERR_HOSTNAME_MISMATCH);
  if (warren::error err = check_name(leaf, host); err != nil) return err;
  X509_STORE_CTX_set_error(check, X509_V_OK);
  if (X509_verify_cert(check) == 1) return nil;
  const int code = X509_STORE_CTX_get_error(check);
  // A root of the same name with another key.
  if (code == X509_V_ERR_CERT_SIGNATURE_FAILURE) X509_STORE_CTX_set_error(check, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
  return chain_error(code);
}

}  // namespace

// --- what OpenSSL calls

struct tls_engine::openssl {
  static SSL* ssl_of(const tls_engine& e) noexcept { return static_cast<SSL*>(e.ssl_.get()); }
  static tls_engine& engine_of(const SSL* ssl) noexcept { return *static_cast<tls_engine*>(SSL_get_app_data(ssl)); }
  static tls_engine& engine_of(BIO* b) noexcept { return *static_cast<tls_engine*>(BIO_get_data(b)); }

  static int take_input(BIO* b, char* to, int room) noexcept {
    BIO_clear_retry_flags(b);
    tls_engine& e = engine_of(b);
    const std::size_t n = std::min(static_cast<std::size_t>(room), e.input_end_ - e.input_begin_);
    if (n == 0) {
      if (!e.input_ended_) BIO_set_retry_read(b);
      return e.input_ended_ ? 0 : -1;
    }
    std::memcpy(to, e.input_.get() + e.input_begin_, n);
    e.input_begin_ += n;
    return static_cast<int>(n);
  }

  static int put_output(BIO* b, const char* from, int bytes) noexcept {
    BIO_clear_retry_flags(b);
    engine_of(b).output_.append(from, static_cast<std::size_t>(bytes));
    return bytes;
  }

  static long control(BIO* b, int what, long, void*) noexcept {
    if (what == BIO_CTRL_EOF) return engine_of(b).input_ended_ ? 1 : 0;
    return what == BIO_CTRL_FLUSH ? 1 : 0;
  }

  static BIO_METHOD* make_method() {
    BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "warren tls_engine");
    BIO_meth_set_read(m, take_input);
    BIO_meth_set_write(m, put_output);
    BIO_meth_set_ctrl(m, control);
    return m;
  }

  static BIO* make_bio(tls_engine& e) {
    static BIO_METHOD* const method = make_method();
    BIO* b = BIO_new(method);
    BIO_set_data(b, &e);
    BIO_set_init(b, 1);
    return b;
  }

  static int verify(X509_STORE_CTX* check, void*) noexcept {
    const auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(check, SSL_get_ex_data_X509_STORE_CTX_idx()));
    tls_engine& e = engine_of(ssl);
    if (e.server_name_.empty()) return 1;
    ERR_set_mark();
    const warren::error why = check_certificate(check, e.server_name_);
    ERR_pop_to_mark();
    if (why == nil) return 1;
    e.failure_ = errors::wrap("tls: failed to verify certificate", why);
    return 0;
  }

  /// ALPN as a server does it: the first of its own that the client has as well.
  static int choose_protocol(SSL* ssl, const unsigned char** out, unsigned char* out_bytes, const unsigned char* offered,
                             unsigned bytes, void*) noexcept {
    const tls_engine& e = engine_of(ssl);
    if (e.next_protos_.empty()) return SSL_TLSEXT_ERR_NOACK;
    for (const std::string& own : e.next_protos_) {
      for (unsigned at = 0; at < bytes; at += 1u + offered[at]) {
        const std::string_view one(reinterpret_cast<const char*>(offered) + at + 1, offered[at]);
        if (one != own) continue;
        *out = offered + at + 1;
        *out_bytes = offered[at];
        return SSL_TLSEXT_ERR_OK;
      }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }

  static SSL_CTX* make_context(const SSL_METHOD* method) {
    // Goroutines may be at work until the process is gone.
    OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, nullptr);
    SSL_CTX* c = SSL_CTX_new(method);
    SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
    // Sessions are resumed by tickets, which the clients keep.
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(c, 1);
    SSL_CTX_set_cert_verify_callback(c, verify, nullptr);
    SSL_CTX_set_alpn_select_cb(c, choose_protocol, nullptr);
    return c;
  }

  // The process has one of each; they live as long as it does. All that a config says is set for each session.
  static SSL_CTX* client_context() {
    static SSL_CTX* const c = make_context(TLS_client_method());
    return c;
  }
  static SSL_CTX* server_context() {
    static SSL_CTX* const c = make_context(TLS_server_method());
    return c;
  }

  static X509_STORE* system_roots() {
    static X509_STORE* const s = [] {
      X509_STORE* made = X509_STORE_new();
      X509_STORE_set_default_paths(made);
      ERR_clear_error();
      return made;
    }();
    return s;
  }
};

void tls_engine::ssl_deleter::operator()(void* ssl) const noexcept { SSL_free(static_cast<SSL*>(ssl)); }

// --- setting up

namespace {

/// As ALPN writes them: each after its length.
std::string wire_form(const std::vector<std::string>& protocols) {
  std::string all;
  for (const std::string& p : protocols) {
    if (p.empty() || p.size() > 255) continue;
    all += static_cast<char>(p.size());
    all += p;
  }
  return all;
}

void show(SSL* ssl, const identity& i) {
  SSL_use_certificate(ssl, i.leaf.get());
  SSL_use_PrivateKey(ssl, i.key.get());
  SSL_set1_chain(ssl, i.chain.get());
}

}  // namespace

tls_engine::tls_engine(side s, const tls_config& config)
    : ssl_(SSL_new(s == side::client ? openssl::client_context() : openssl::server_context())) {
  SSL* ssl = openssl::ssl_of(*this);
  if (ssl == nullptr) throw std::bad_alloc();
  SSL_set_app_data(ssl, this);
  BIO* records = openssl::make_bio(*this);
  SSL_set_bio(ssl, records, records);
  SSL_set_min_proto_version(ssl, static_cast<int>(config.min_version));
  if (const identity* own = tls_keeper::of(config.certificate)) show(ssl, *own);
  if (s == side::client) {
    set_up_client(config);
  } else {
    set_up_server(config);
  }
  ERR_clear_error();
}

tls_engine::~tls_engine() = default;

void tls_engine::set_up_client(const tls_config& config) {
  SSL* ssl = openssl::ssl_of(*this);
  SSL_set_connect_state(ssl);
  if (!config.insecure_skip_verify) {
    if (config.server_name.empty()) {
      failure_ = errors::make("tls: either ServerName or InsecureSkipVerify must be specified in the tls.Config");
    }
    server_name_ = config.server_name;
  }
  const trust* roots = tls_keeper::of(config.roots);
  SSL_set1_verify_cert_store(ssl, roots != nullptr ? roots->store.get() : openssl::system_roots());
  SSL_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
  if (!config.server_name.empty() && as_address(config.server_name) == nullptr) {
    SSL_set_tlsext_host_name(ssl, config.server_name.c_str());
  }
  const std::string protocols = wire_form(config.next_protos);
  if (!protocols.empty()) {
    SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(protocols.data()),
                        static_cast<unsigned>(protocols.size()));
  }
}

void tls_engine::set_up_server(const tls_config& config) {
  SSL* ssl = openssl::ssl_of(*this);
  SSL_set_accept_state(ssl);
  next_protos_ = config.next_protos;
  const identity* own = tls_keeper::of(config.certificate);
  if (own == nullptr) {
    failure_ = errors::make("tls: no certificates configured");
    return;
  }
  // A ticket is good for sessions that show the same certificate.
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned bytes = 0;
  X509_digest(own->leaf.get(), EVP_sha256(), digest, &bytes);
  SSL_set_session_id_context(ssl, digest, std::min(bytes, unsigned{SSL_MAX_SID_CTX_LENGTH}));
}

// --- the machine

tls_engine::status tls_engine::fail(warren::error why) {
  if (failure_ == nil) failure_ = std::move(why);
  return status::failed;
}

warren::error tls_engine::end_of_input() const {
  return !handshaken_ && input_begin_ == input_end_ && !SSL_has_pending(openssl::ssl_of(*this)) ? net::eof
                                                                                                : net::unexpected_eof;
}

// Right after the call that returned this.
tls_engine::status tls_engine::status_of(int returned) {
  switch (SSL_get_error(openssl::ssl_of(*this), returned)) {
    case SSL_ERROR_NONE: return status::done;
    case SSL_ERROR_WANT_READ: return status::wants_input;
    case SSL_ERROR_ZERO_RETURN: return status::ended;
    default: break;
  }
  if (failure_ != nil) {  // by verify()
    ERR_clear_error();
    return status::failed;
  }
  const unsigned long last = ERR_peek_last_error();
  const bool ended = ERR_GET_LIB(last) == ERR_LIB_SSL && ERR_GET_REASON(last) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
  if (ended || (last == 0 && input_ended_)) {
    ERR_clear_error();
    return fail(end_of_input());
  }
  return fail(queued_error());
}

tls_engine::status tls_engine::handshake() {
  if (failure_ != nil) return status::failed;
  ERR_clear_error();
  const status s = status_of(SSL_do_handshake(openssl::ssl_of(*this)));
  free_input_if_read();
  handshaken_ = s == status::done;
  return s == status::ended ? fail(net::unexpected_eof) : s;
}

tls_engine::status tls_engine::read(std::span<char> to, std::size_t& got) {
  got = 0;
  if (failure_ != nil) return status::failed;
  ERR_clear_error();
  const status s = status_of(SSL_read_ex(openssl::ssl_of(*this), to.data(), to.size(), &got) == 1 ? 1 : 0);
  free_input_if_read();
  return s;
}

tls_engine::status tls_engine::write(std::string_view text) {
  if (failure_ != nil) return status::failed;
  std::size_t written = 0;
  ERR_clear_error();
  return status_of(SSL_write_ex(openssl::ssl_of(*this), text.data(), text.size(), &written) == 1 ? 1 : 0);
}

void tls_engine::end_writing() {
  if (failure_ != nil || !handshaken_) return;
  ERR_clear_error();
  SSL_shutdown(openssl::ssl_of(*this));
  ERR_clear_error();
}

std::optional<tls_state> tls_engine::state() const {
  if (!handshaken_) return std::nullopt;
  const SSL* ssl = openssl::ssl_of(*this);
  tls_state s;
  s.version = static_cast<tls_version>(SSL_version(ssl));
  if (const char* name = SSL_CIPHER_standard_name(SSL_get_current_cipher(ssl))) s.cipher_suite = name;
  const unsigned char* protocol = nullptr;
  unsigned bytes = 0;
  SSL_get0_alpn_selected(ssl, &protocol, &bytes);
  s.negotiated_protocol.assign(reinterpret_cast<const char*>(protocol), bytes);
  if (const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)) s.server_name = name;
  return s;
}

// --- records that come in

std::span<char> tls_engine::room_for_input() {
  // OpenSSL takes all there is before it wants more, so nothing is left here.
  input_size_ = much_comes_ ? large_input : small_input;
  input_ = std::make_unique_for_overwrite<char[]>(input_size_);
  input_begin_ = input_end_ = 0;
  return {input_.get(), input_size_};
}

void tls_engine::input_came(std::size_t bytes) {
  much_comes_ = bytes == input_size_;
  input_end_ = bytes;
  if (first_header_.size() < record_header) look_at_first_header();
}

void tls_engine::look_at_first_header() {
  first_header_.append(input_.get(), std::min(record_header - first_header_.size(), input_end_));
  if (first_header_.size() < record_header) return;
  // Source: Go's crypto/tls: of the first record the type is that of a handshake or an alert, and the version is none that
  // letters would make.
  constexpr char alert = 0x15;
  constexpr char handshake_type = 0x16;
  const bool type_fits = first_header_[0] == alert || first_header_[0] == handshake_type;
  if (!type_fits || static_cast<unsigned char>(first_header_[1]) >= 0x10) fail(tls_record_header_error(first_header_));
}

void tls_engine::free_input_if_read() noexcept {
  if (input_begin_ == input_end_) input_.reset();
}

bool tls_engine::has_buffered() const noexcept {
  return input_begin_ != input_end_ || SSL_has_pending(openssl::ssl_of(*this)) == 1;
}

}  // namespace warren::http
