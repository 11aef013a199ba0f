// SPDX-License-Identifier: MIT
#pragma once

// One TLS session as a machine without a connection: records go in and come out through memory, nothing waits, and
// tls_engine.cpp is the only file that knows OpenSSL.
//
// Why through memory, and not through the socket's descriptor: a read takes all that has come in one system call, where
// OpenSSL makes two for each record; what goes out of several calls leaves in one; it works over a pipe and over another
// session as well; and no park, and no other goroutine's turn at the descriptor, can come between a call and the
// question for its error, whose queue belongs to the thread.
//
// Laws
//   * Calls of one engine are made one at a time, under the session's lock.
//   * A call begins with an empty error queue, and has looked at it when it returns. So does none but this file.
//   * Where nothing has come and nothing goes out there are no buffers: an idle session is its OpenSSL object.

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../errors/error.hpp"
#include "tls_config.hpp"
#include "tls_state.hpp"

namespace warren::http {

class tls_engine {
 public:
  enum class side { client, server };

  enum class status {
    done,
    wants_input,  ///< more records are needed
    ended,        ///< the peer has said that nothing more comes
    failed,       ///< for good: see failure()
  };

  /// What cannot be set up shows in the handshake.
  tls_engine(side s, const tls_config& config);
  ~tls_engine();
  tls_engine(const tls_engine&) = delete;
  tls_engine& operator=(const tls_engine&) = delete;

  status handshake();
  bool is_handshaken() const noexcept { return handshaken_; }

  /// At least a byte when done.
  status read(std::span<char> to, std::size_t& got);
  /// All of it when done.
  status write(std::string_view text);
  /// Says that nothing more comes.
  void end_writing();

  const warren::error& failure() const noexcept { return failure_; }
  std::optional<tls_state> state() const;

  // --- records that come in

  /// Where the next of them go, after status::wants_input; not empty. Valid until input_came().
  std::span<char> room_for_input();
  void input_came(std::size_t bytes);
  /// The connection below has ended.
  void input_ended() noexcept { input_ended_ = true; }
  /// Something has come that was not read yet.
  bool has_buffered() const noexcept;

  // --- records that go out

  bool has_output() const noexcept { return !output_.empty(); }
  std::string take_output() noexcept { return std::exchange(output_, {}); }

 private:
  struct openssl;  ///< the callbacks

  struct ssl_deleter {
    void operator()(void* ssl) const noexcept;
  };

  void set_up_client(const tls_config& config);
  void set_up_server(const tls_config& config);
  status status_of(int returned);
  status fail(warren::error why);
  warren::error end_of_input() const;
  void look_at_first_header();
  void free_input_if_read() noexcept;

  // What OpenSSL has not taken yet is [input_begin_, input_end_) of input_.
  std::unique_ptr<char[]> input_;
  std::size_t input_size_ = 0;
  std::size_t input_begin_ = 0;
  std::size_t input_end_ = 0;
  bool input_ended_ = false;
  bool much_comes_ = false;  ///< the last read filled what it was given
  bool handshaken_ = false;
  std::string first_header_;  ///< of the first record
  std::string output_;
  warren::error failure_;
  std::string server_name_;                 ///< a client's, to be verified; empty: nobody
  std::vector<std::string> next_protos_;    ///< a server's
  std::unique_ptr<void, ssl_deleter> ssl_;  ///< last: it calls back
};

}  // namespace warren::http
