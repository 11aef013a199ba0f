// SPDX-License-Identifier: MIT
// A server in a process that has no descriptor left.

#include <gtest/gtest.h>

#include "serving.hpp"
#include "test.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

using namespace warren;
using namespace std::chrono_literals;
using tests::serving;

namespace {

/// Takes all descriptors there are, under a limit that is low enough for that.
class exhaustion {
 public:
  exhaustion() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit low = before_;
    const int highest = ::dup(STDIN_FILENO);
    files_.push_back(highest);
    low.rlim_cur = static_cast<rlim_t>(highest) + 20;
    ::setrlimit(RLIMIT_NOFILE, &low);
    for (int file = ::dup(STDIN_FILENO); file >= 0; file = ::dup(STDIN_FILENO)) files_.push_back(file);
  }
  exhaustion(const exhaustion&) = delete;
  exhaustion& operator=(const exhaustion&) = delete;
  ~exhaustion() {
    for (const int file : files_) ::close(file);
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }

 private:
  rlimit before_{};
  std::vector<int> files_;
};

/// A socket that was made when there were descriptors.
class early_client {
 public:
  early_client() : file_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(file_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  early_client(const early_client&) = delete;
  early_client& operator=(const early_client&) = delete;
  ~early_client() { ::close(file_); }

  /// The kernel takes the connection, whether or not somebody accepts it.
  bool ask(const std::string& address, std::string_view text) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::atoi(address.substr(address.rfind(':') + 1).c_str())));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ::connect(file_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0 &&
           ::send(file_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }

  std::string answer() {
    char room[1000];
    const auto n = blocking([&] { return ::recv(file_, room, sizeof room, 0); });
    return std::string(room, n > 0 ? static_cast<std::size_t>(n) : 0);
  }

 private:
  int file_;
};

// UndefinedBehaviorSanitizer of clang opens a pipe to look at an object's type, and takes no pipe for no object.
#if defined(__has_feature)
#if __has_feature(undefined_behavior_sanitizer)
constexpr bool needs_descriptors = true;
#else
constexpr bool needs_descriptors = false;
#endif
#else
constexpr bool needs_descriptors = false;
#endif

}  // namespace

WARREN_TEST(exhaustion, of_descriptors_delays_and_loses_nobody) {
  if (needs_descriptors) GTEST_SKIP() << "the sanitizer needs descriptors of its own";
  serving s([](http::response_writer& w, http::request&) { w.write("served"); });
  const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  early_client clients[3];
  {
    exhaustion all;
    for (auto& c : clients) EXPECT_TRUE(c.ask(s.address(), get));
    EXPECT_TRUE(tests::eventually([&] { return s.log.lines().size() >= 3; }));
  }
  for (auto& c : clients) EXPECT_TRUE(c.answer().ends_with("served"));
  const auto lines = s.log.lines();
  ASSERT_GE(lines.size(), 3u);
  // Each pause is twice the one before: it does not turn in circles.
  EXPECT_TRUE(lines[0].ends_with("too many open files; retrying in 5ms")) << lines[0];
  EXPECT_TRUE(lines[2].ends_with("too many open files; retrying in 20ms")) << lines[2];
  EXPECT_EQ(tests::ask(s.address(), get).body, "served");
}
