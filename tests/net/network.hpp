// SPDX-License-Identifier: MIT
#pragma once

// What the tests of net/ share: connections to talk over, and a look at the process's open files.

#include <warren/warren.hpp>

#include <warren/net/net.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace warren::tests {

/// The value, or a failed test that says why there is none.
template <class T>
T must(result<T> r) {
  if (r.err() != nil) throw std::runtime_error(r.err().message());
  return std::move(r.first);
}

struct linked {
  net::conn client;
  net::conn server;
};

/// Two ends of one connection through a listener that is closed again.
linked connect_through(std::string_view network, std::string_view address);
linked tcp_pair();

/// Reads until `bytes` have come or something went wrong; gives what came.
std::string read_exactly(const net::conn& c, std::size_t bytes, error* err = nullptr);
std::string read_to_end(const net::conn& c, error* err = nullptr);

/// Makes the close of the last handle send a reset.
void reset_on_close(const net::conn& c);

/// How many files this process has open.
int open_files();
/// Resident memory of this process in bytes.
std::size_t resident_bytes();
/// Raises the soft limit of open files to the hard one. Returns: the limit.
long raise_file_limit();

/// A path for a Unix socket that nobody else uses.
std::string fresh_socket_path();

/// The error is an op_error with this operation that wraps `why`.
::testing::AssertionResult is_op_error(const error& err, std::string_view op, const error& why);
::testing::AssertionResult is_io_timeout(const error& err, std::string_view op);

inline constexpr std::chrono::seconds patience{10};  ///< for what must come, however slow the machine

}  // namespace warren::tests
