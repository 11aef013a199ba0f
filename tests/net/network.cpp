// SPDX-License-Identifier: MIT
#include "network.hpp"

#include <warren/runtime/descriptor.hpp>
#include <warren/runtime/sockets.hpp>

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <fstream>

namespace warren::tests {

linked connect_through(std::string_view network, std::string_view address) {
  const net::listener l = must(net::listen(network, address));
  const auto accepted = make_chan<net::conn>(1);
  go([l, accepted] { accepted.send(must(l.accept())); });
  net::conn client = must(net::dial(network, to_string(l.addr())));
  linked both{std::move(client), accepted.recv()};
  EXPECT_EQ(l.close(), nil);
  return both;
}

linked tcp_pair() { return connect_through("tcp", "127.0.0.1:0"); }

std::string read_exactly(const net::conn& c, std::size_t bytes, error* err) {
  std::string text(bytes, '\0');
  std::size_t have = 0;
  error why;
  while (have < bytes && why == nil) {
    std::size_t n = 0;
    std::tie(n, why) = c.read(std::span(text).subspan(have));
    have += n;
  }
  if (err != nullptr) *err = why;
  text.resize(have);
  return text;
}

std::string read_to_end(const net::conn& c, error* err) {
  std::string all;
  char some[4096];
  for (;;) {
    auto [n, why] = c.read(some);
    all.append(some, n);
    if (why != nil) {
      if (err != nullptr) *err = why;
      return all;
    }
  }
}

void reset_on_close(const net::conn& c) {
  c.behind()->descriptor()->with_file(
      [](int file) { return runtime::sys::set_option(file, runtime::sys::socket_option::linger, 0); });
}

int open_files() {
  int n = 0;
  DIR* folder = ::opendir("/proc/self/fd");
  while (::readdir(folder) != nullptr) ++n;
  ::closedir(folder);
  return n - 3;  // ".", ".." and the folder itself
}

std::size_t resident_bytes() {
  std::size_t all = 0;
  std::size_t resident = 0;
  std::ifstream("/proc/self/statm") >> all >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

long raise_file_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<long>(limit.rlim_cur);
}

std::string fresh_socket_path() {
  static std::atomic<int> number{0};
  return "/tmp/warren_net_" + std::to_string(::getpid()) + "_" + std::to_string(number++) + ".sock";
}

::testing::AssertionResult is_op_error(const error& err, std::string_view op, const error& why) {
  const auto* failed = errors::as<net::op_error>(err);
  if (failed == nullptr) return ::testing::AssertionFailure() << "no op_error: " << err;
  if (failed->op() != op) return ::testing::AssertionFailure() << "not of " << op << ": " << err;
  if (!errors::is(err, why)) return ::testing::AssertionFailure() << "not because of " << why << ": " << err;
  return ::testing::AssertionSuccess();
}

::testing::AssertionResult is_io_timeout(const error& err, std::string_view op) {
  if (!errors::is_timeout(err)) return ::testing::AssertionFailure() << "no timeout: " << err;
  return is_op_error(err, op, net::deadline_exceeded);
}

}  // namespace warren::tests
