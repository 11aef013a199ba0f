// SPDX-License-Identifier: MIT
#pragma once

// A net::conn for code that is written for Boost.Asio's synchronous streams: Boost.Beast's http::read and http::write,
// beast::websocket::stream, asio::ssl::stream. What they wait for blocks the goroutine alone. Not part of net.hpp; the
// only header of the library that needs Boost's. Tried with 1.74.
//
// Only the synchronous half of Asio is usable: its asynchronous half keeps its state in thread-local variables, and a
// goroutine does not stay on one thread. So the executor that streams ask for belongs to an io_context that never runs.

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>
#include <cstddef>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "conn.hpp"
#include "net_error.hpp"

namespace warren::net {

/// An error as Asio says it: eof, timed_out, operation_aborted after close(), or the system's code.
inline boost::system::error_code asio_error(const error& err) {
  if (err == nil) return {};
  if (err == eof) return boost::asio::error::eof;
  if (errors::is(err, closed) || errors::is(err, closed_pipe)) return boost::asio::error::operation_aborted;
  if (const auto* code = errors::as<std::error_code>(err); code != nullptr) {
    return {code->value(), boost::system::system_category()};
  }
  if (errors::is_timeout(err)) return boost::asio::error::timed_out;
  return boost::asio::error::fault;
}

/// Models Asio's SyncReadStream and SyncWriteStream. A value that holds the conn's handle.
class asio_stream {
 public:
  using executor_type = boost::asio::io_context::executor_type;
  using lowest_layer_type = asio_stream;

  explicit asio_stream(conn c) noexcept : conn_(std::move(c)) {}

  const net::conn& get() const noexcept { return conn_; }

  executor_type get_executor() const { return idle_context().get_executor(); }
  lowest_layer_type& lowest_layer() noexcept { return *this; }
  const lowest_layer_type& lowest_layer() const noexcept { return *this; }

  /// Parks: until something comes, unless there is room for nothing.
  template <class MutableBuffers>
  std::size_t read_some(const MutableBuffers& buffers, boost::system::error_code& ec) {
    const boost::asio::mutable_buffer room = first_of<boost::asio::mutable_buffer>(buffers);
    ec = {};
    if (room.size() == 0) return 0;
    auto [n, err] = conn_.read({static_cast<char*>(room.data()), room.size()});
    ec = asio_error(err);
    return n;
  }
  template <class MutableBuffers>
  std::size_t read_some(const MutableBuffers& buffers) {
    boost::system::error_code ec;
    const std::size_t n = read_some(buffers, ec);
    if (ec) throw boost::system::system_error(ec);
    return n;
  }

  /// Writes up to two of the buffers, in one system call. Parks: until the system has taken them.
  template <class ConstBuffers>
  std::size_t write_some(const ConstBuffers& buffers, boost::system::error_code& ec) {
    std::string_view pieces[2];
    std::size_t count = 0;
    const auto end = boost::asio::buffer_sequence_end(buffers);
    for (auto at = boost::asio::buffer_sequence_begin(buffers); at != end && count < 2; ++at) {
      const boost::asio::const_buffer b(*at);
      if (b.size() != 0) pieces[count++] = {static_cast<const char*>(b.data()), b.size()};
    }
    ec = {};
    if (count == 0) return 0;
    auto [n, err] = conn_.write(pieces[0], pieces[1]);
    ec = asio_error(err);
    return n;
  }
  template <class ConstBuffers>
  std::size_t write_some(const ConstBuffers& buffers) {
    boost::system::error_code ec;
    const std::size_t n = write_some(buffers, ec);
    if (ec) throw boost::system::system_error(ec);
    return n;
  }

 private:
  /// Never destroyed: streams may outlive every other global.
  static boost::asio::io_context& idle_context() {
    static auto& context = *new boost::asio::io_context;
    return context;
  }

  /// The first buffer with any room.
  template <class Buffer, class Buffers>
  static Buffer first_of(const Buffers& buffers) {
    const auto end = boost::asio::buffer_sequence_end(buffers);
    for (auto at = boost::asio::buffer_sequence_begin(buffers); at != end; ++at) {
      const Buffer b(*at);
      if (b.size() != 0) return b;
    }
    return {};
  }

  net::conn conn_;
};

/// What beast::websocket::stream ends a connection with; found by the argument.
/// Parks: until the peer has closed, too.
inline void teardown(boost::beast::role_type, asio_stream& s, boost::system::error_code& ec) {
  ec = asio_error(s.get().close_write());
  char rest[512];
  error err;
  while (!ec && err == nil) err = s.get().read(rest).err();
  if (!ec && err != eof) ec = asio_error(err);
  s.get().close();
}

}  // namespace warren::net
