// SPDX-License-Identifier: MIT
// Boost.Beast over goroutines, unchanged: http::read and http::write, a WebSocket, and Asio's own composed operations.
#include <warren/net/asio_stream.hpp>

#include "../test.hpp"
#include "network.hpp"

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>

#include <array>
#include <string>

namespace {

using namespace warren;
using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using net::asio_stream;

static_assert(beast::is_sync_read_stream<asio_stream>::value);
static_assert(beast::is_sync_write_stream<asio_stream>::value);
static_assert(beast::is_sync_stream<asio_stream>::value);

/// Answers one request after the other with its own target and body.
void serve_http(const net::conn& c) {
  asio_stream s(c);
  beast::flat_buffer buffer;
  boost::system::error_code ec;
  for (;;) {
    http::request<http::string_body> req;
    http::read(s, buffer, req, ec);
    if (ec) break;
    http::response<http::string_body> res(http::status::ok, req.version());
    res.body() = std::string(req.target()) + ":" + req.body();
    res.keep_alive(req.keep_alive());
    res.prepare_payload();
    http::write(s, res, ec);
    if (ec || !req.keep_alive()) break;
  }
  EXPECT_TRUE(!ec || ec == http::error::end_of_stream) << ec.message();
}

WARREN_TEST(asio_stream, carries_beast_s_http) {
  auto [client, server] = tests::tcp_pair();
  sync::wait_group all;
  all.go([server = std::move(server)]() mutable {
    serve_http(server);
    EXPECT_EQ(server.close(), nil);
  });
  asio_stream s(client);
  beast::flat_buffer buffer;
  for (int i = 0; i < 50; ++i) {
    http::request<http::string_body> req(http::verb::post, "/" + std::to_string(i), 11);
    req.set(http::field::host, "test");
    req.body() = std::string(static_cast<std::size_t>(i) * 1000, 'b');
    req.prepare_payload();
    http::write(s, req);
    http::response<http::string_body> res;
    http::read(s, buffer, res);
    EXPECT_EQ(res.body(), "/" + std::to_string(i) + ":" + req.body());
  }
  EXPECT_EQ(client.close(), nil);
  all.wait();
}

WARREN_TEST(asio_stream, leaves_pipelined_requests_in_the_buffer) {
  auto [client, server] = tests::tcp_pair();
  sync::wait_group all;
  all.go([server = server] { serve_http(server); });
  EXPECT_EQ(client.write("GET /a HTTP/1.1\r\nHost: t\r\n\r\nGET /b HTTP/1.1\r\nHost: t\r\n\r\n").err(), nil);
  asio_stream s(client);
  beast::flat_buffer buffer;
  for (const char* target : {"/a:", "/b:"}) {
    http::response<http::string_body> res;
    http::read(s, buffer, res);
    EXPECT_EQ(res.body(), target);
  }
  EXPECT_EQ(client.close(), nil);
  all.wait();
}

WARREN_TEST(asio_stream, carries_a_web_socket) {
  auto [client, server] = tests::tcp_pair();
  const int messages = static_cast<int>(tests::scaled(200));
  sync::wait_group all;
  all.go([server = std::move(server)]() mutable {
    beast::websocket::stream<asio_stream> ws{asio_stream(std::move(server))};
    ws.accept();
    for (;;) {
      beast::flat_buffer buffer;
      boost::system::error_code ec;
      ws.read(buffer, ec);
      if (ec) {
        EXPECT_EQ(ec, beast::websocket::error::closed) << ec.message();
        return;
      }
      ws.text(ws.got_text());
      ws.write(buffer.data());
    }
  });
  beast::websocket::stream<asio_stream> ws{asio_stream(std::move(client))};
  ws.handshake("test", "/");
  for (int i = 0; i < messages; ++i) {
    const std::string text(static_cast<std::size_t>(i) * 50, static_cast<char>('a' + i % 26));
    ws.write(asio::buffer(text));
    beast::flat_buffer buffer;
    ws.read(buffer);
    ASSERT_EQ(beast::buffers_to_string(buffer.data()), text);
  }
  ws.close(beast::websocket::close_code::normal);
  all.wait();
}

WARREN_TEST(asio_stream, says_what_went_wrong_in_asio_s_words) {
  auto [client, server] = tests::tcp_pair();
  asio_stream s(client);
  boost::system::error_code ec;
  char some[8];
  EXPECT_EQ(s.read_some(asio::mutable_buffer(), ec), 0u);
  EXPECT_FALSE(ec);
  EXPECT_EQ(s.write_some(asio::const_buffer(), ec), 0u);
  EXPECT_FALSE(ec);
  EXPECT_EQ(client.set_read_deadline(clock::time_point(clock::duration(1))), nil);
  s.read_some(asio::buffer(some), ec);
  EXPECT_EQ(ec, asio::error::timed_out);
  EXPECT_EQ(client.set_read_deadline(clock::time_point{}), nil);
  EXPECT_EQ(server.write("abc").err(), nil);
  EXPECT_EQ(server.close_write(), nil);
  EXPECT_EQ(asio::read(s, asio::buffer(some), ec), 3u);
  EXPECT_EQ(ec, asio::error::eof);
  EXPECT_THROW(s.read_some(asio::buffer(some)), boost::system::system_error);
  tests::reset_on_close(server);
  server = nil;
  sleep(5ms);
  s.write_some(asio::buffer(some), ec);
  EXPECT_TRUE(ec == asio::error::connection_reset || ec == asio::error::broken_pipe) << ec.message();
  EXPECT_EQ(client.close(), nil);
  s.read_some(asio::buffer(some), ec);
  EXPECT_EQ(ec, asio::error::operation_aborted);
}

WARREN_TEST(asio_stream, writes_every_buffer_of_a_sequence) {
  auto [client, server] = tests::tcp_pair();
  asio_stream s(client);
  const std::array<asio::const_buffer, 5> pieces{asio::buffer("ab", 2), asio::const_buffer(), asio::buffer("cd", 2),
                                                 asio::buffer("ef", 2), asio::buffer("g", 1)};
  EXPECT_EQ(asio::write(s, pieces), 7u);
  EXPECT_EQ(tests::read_exactly(server, 7), "abcdefg");
}

}  // namespace
