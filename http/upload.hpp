// SPDX-License-Identifier: MIT
#pragma once

// A body that is sent while its response is awaited, by a goroutine of its own.
//
// Laws
//   * The goroutine alone reads the body and writes to the connection, from begin() until `done()` is closed.
//   * `failure_` and `body_failed_` are written before done() is closed, and read after a receive from it, but for
//     body_failure(): that is published before the connection is closed, which is how the reader of the response hears
//     of it.
//   * stop() ends it wherever it is, once writes fail: a body's close() must end its read.

#include <atomic>
#include <memory>
#include <string>

#include "../channels/channel.hpp"
#include "../errors/error.hpp"
#include "../net/conn.hpp"
#include "body.hpp"
#include "header.hpp"
#include "outgoing.hpp"

namespace warren::http {

class upload {
 public:
  /// Starts the goroutine.
  static std::shared_ptr<upload> begin(net::conn to, const request& r, const outgoing& how);

  upload(net::conn to, const request& r, const outgoing& how);
  upload(const upload&) = delete;
  upload& operator=(const upload&) = delete;

  /// Returns: whether all of it has been written. Never parks.
  bool is_complete();
  /// The same, after waiting a little. Parks: yes.
  bool is_complete_soon();

  /// Returns: why the body could not be read or is not as long as was said; nil when that was not what went wrong.
  warren::error body_failure() const;

  /// Ends it, where nothing can be written any more. Never parks.
  void stop();
  /// Parks: until the goroutine is done with the body.
  void wait();

 private:
  void run();
  warren::error send_all();
  warren::error send_sized();
  warren::error send_chunked();
  warren::error read_failed(warren::error why);
  warren::error write_text(std::string_view text);
  warren::error check_end(char* spare, std::size_t room);

  const net::conn to_;
  const body content_;
  const header trailer_;
  const outgoing how_;
  chan<void> done_ = make_chan<void>();
  warren::error failure_;
  warren::error body_failure_;
  std::atomic<bool> body_failed_{false};
};

}  // namespace warren::http
