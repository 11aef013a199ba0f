// SPDX-License-Identifier: MIT
// Boost.Asio's own TLS stream over our connections: handshakes, Beast's HTTP, the end, a certificate that nobody vouches for.
#include <warren/net/asio_stream.hpp>
#include <warren/sync/wait_group.hpp>

#include "sessions.hpp"
#include "test.hpp"

#include <boost/asio/ssl.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <string>
#include <utility>

namespace {

using namespace warren;
namespace asio = boost::asio;
namespace beast = boost::beast;
using net::asio_stream;
using boost::system::error_code;
using tls_stream = asio::ssl::stream<asio_stream>;

asio::ssl::context server_context() {
  asio::ssl::context c(asio::ssl::context::tls_server);
  const tests::pem_pair pair = tests::the_authority().issue();
  c.use_certificate_chain(asio::buffer(pair.certificate));
  c.use_private_key(asio::buffer(pair.key), asio::ssl::context::pem);
  return c;
}

asio::ssl::context client_context() {
  asio::ssl::context c(asio::ssl::context::tls_client);
  c.set_verify_mode(asio::ssl::verify_peer);
  c.set_verify_callback(asio::ssl::host_name_verification("localhost"));
  return c;
}

/// Answers each request with its body, until the other side ends the session.
void serve(const net::conn& c) {
  asio::ssl::context context = server_context();
  tls_stream s(asio_stream(c), context);
  s.handshake(asio::ssl::stream_base::server);
  beast::flat_buffer buffer;
  for (;;) {
    beast::http::request<beast::http::string_body> req;
    error_code ec;
    beast::http::read(s, buffer, req, ec);
    if (ec) {
      EXPECT_EQ(ec, beast::http::error::end_of_stream) << ec.message();
      break;
    }
    beast::http::response<beast::http::string_body> res(beast::http::status::ok, 11);
    res.body() = req.body();
    res.prepare_payload();
    beast::http::write(s, res);
  }
  error_code ec;
  s.shutdown(ec);
  EXPECT_FALSE(ec) << ec.message();
}

WARREN_TEST(asio_ssl, carries_http_in_many_sessions_at_once) {
  sync::wait_group all;
  for (int session = 0; session < 8; ++session) {
    auto [client, server] = tests::socket_pair();
    all.go([server = std::move(server)]() mutable {
      serve(server);
      EXPECT_EQ(server.close(), nil);
    });
    all.go([client = std::move(client), session]() mutable {
      asio::ssl::context context = client_context();
      context.add_certificate_authority(asio::buffer(tests::the_authority().certificate()));
      tls_stream s(asio_stream(client), context);
      s.handshake(asio::ssl::stream_base::client);
      beast::flat_buffer buffer;
      for (int i = 0; i < 10; ++i) {
        beast::http::request<beast::http::string_body> req(beast::http::verb::post, "/", 11);
        req.set(beast::http::field::host, "localhost");
        req.body() = std::string(static_cast<std::size_t>(i) * 7000, static_cast<char>('a' + session));
        req.prepare_payload();
        beast::http::write(s, req);
        beast::http::response<beast::http::string_body> res;
        beast::http::read(s, buffer, res);
        EXPECT_EQ(res.body(), req.body());
      }
      error_code ec;
      s.shutdown(ec);
      EXPECT_FALSE(ec) << ec.message();
      EXPECT_EQ(client.close(), nil);
    });
  }
  all.wait();
}

WARREN_TEST(asio_ssl, refuses_a_certificate_that_nobody_vouches_for) {
  auto [client, server] = tests::socket_pair();
  sync::wait_group all;
  all.go([server = std::move(server)]() mutable {
    asio::ssl::context context = server_context();
    tls_stream s(asio_stream(server), context);
    error_code ec;
    s.handshake(asio::ssl::stream_base::server, ec);
    EXPECT_TRUE(ec) << "the client has hung up";
    EXPECT_EQ(server.close(), nil);
  });
  asio::ssl::context context = client_context();
  tls_stream s(asio_stream(client), context);
  error_code ec;
  s.handshake(asio::ssl::stream_base::client, ec);
  EXPECT_EQ(ec.category(), asio::error::get_ssl_category()) << ec.message();
  EXPECT_EQ(client.close(), nil);
  all.wait();
}

}  // namespace
