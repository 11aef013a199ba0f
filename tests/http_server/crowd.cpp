// SPDX-License-Identifier: MIT
#include "crowd.hpp"

// The child is this program again, told by its environment what to be: a forked copy would share the pages whose growth is
// to be measured.

#include <arpa/inet.h>
#include <csignal>
#include <cstdlib>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <warren/warren.hpp>

namespace warren::tests {

namespace {

bool open_one(std::uint16_t port, std::string_view text, bool answered) {
  const int file = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (file < 0 || ::connect(file, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) return false;
  if (::send(file, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) return false;
  char room[4096];
  return !answered || ::recv(file, room, sizeof room, 0) > 0;
}

[[noreturn]] void be_a_crowd(const char* orders) {
  raise_descriptor_limit();
  char* end = nullptr;
  const auto port = static_cast<std::uint16_t>(std::strtoul(orders, &end, 10));
  const std::size_t size = std::strtoul(end, &end, 10);
  const bool answered = std::strtoul(end, &end, 10) != 0;
  const std::string_view text = end + 1;
  char all_there = 'y';
  for (std::size_t i = 0; i < size && all_there == 'y'; ++i) {
    if (!open_one(port, text, answered)) all_there = 'n';
  }
  static_cast<void>(!::write(STDOUT_FILENO, &all_there, 1));
  for (;;) ::pause();
}

[[maybe_unused]] const bool asked = [] {
  if (const char* orders = std::getenv("WARREN_TEST_CROWD")) be_a_crowd(orders);
  return true;
}();

}  // namespace

std::size_t raise_descriptor_limit() {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  return files.rlim_cur;
}

crowd::crowd(const std::string& address, std::size_t size, std::string_view text, bool answered) {
  int ends[2];
  if (::pipe(ends) != 0) return;
  std::string orders = "WARREN_TEST_CROWD=" + address.substr(address.rfind(':') + 1) + " " + std::to_string(size) +
                       (answered ? " 1 " : " 0 ") + std::string(text);
  std::vector<char*> environment;
  for (char** e = environ; *e != nullptr; ++e) environment.push_back(*e);
  environment.push_back(orders.data());
  environment.push_back(nullptr);
  char name[] = "crowd";
  char* arguments[] = {name, nullptr};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  if (::posix_spawn(&child_, "/proc/self/exe", &actions, nullptr, arguments, environment.data()) != 0) child_ = -1;
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  from_child_ = ends[0];
}

bool crowd::is_there() {
  char all_there = 'n';
  blocking([&] { return ::read(from_child_, &all_there, 1); });
  return all_there == 'y';
}

crowd::~crowd() {
  if (child_ > 0) {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  if (from_child_ >= 0) ::close(from_child_);
}

}  // namespace warren::tests
