// SPDX-License-Identifier: MIT
#include "program.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <string_view>

namespace warren::tests {

namespace {

constexpr const char* option = "--program=";

std::map<std::string, int (*)()>& programs() {
  static std::map<std::string, int (*)()> all;
  return all;
}

/// A stream of the child, read to its end.
struct stream {
  int read_end = -1;
  int write_end = -1;
  std::string* text;
  std::chrono::steady_clock::time_point began{};  ///< when the first of it came

  explicit stream(std::string& to) : text(&to) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
    read_end = ends[0];
    write_end = ends[1];
  }
  ~stream() {
    ::close(read_end);
    if (write_end >= 0) ::close(write_end);
  }
  void close_write_end() {
    ::close(write_end);
    write_end = -1;
  }
  /// False at the end of the stream.
  bool read_some() {
    char buffer[4096];
    const ssize_t n = ::read(read_end, buffer, sizeof buffer);
    if (n > 0 && text->empty()) began = std::chrono::steady_clock::now();
    if (n > 0) text->append(buffer, static_cast<std::size_t>(n));
    return n > 0 || (n < 0 && errno == EINTR);
  }
};

std::vector<std::string> changed_environment(const std::vector<environment_change>& changes) {
  std::vector<std::string> all;
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string_view text(*one);
    bool replaced = false;
    for (const auto& [name, value] : changes) replaced = replaced || text.starts_with(name + "=");
    if (!replaced) all.emplace_back(text);
  }
  for (const auto& [name, value] : changes) all.push_back(name + "=" + value);
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

pid_t start(const std::string& name, const std::vector<environment_change>& changes, int out, int err) {
  std::vector<std::string> words = {"runtime_test", option + name};
  std::vector<std::string> environment = changed_environment(changes);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, out, 1);
  ::posix_spawn_file_actions_adddup2(&actions, err, 2);
  pid_t child = -1;
  const int error =
      ::posix_spawn(&child, "/proc/self/exe", &actions, nullptr, pointers(words).data(), pointers(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? child : -1;
}

using steady = std::chrono::steady_clock;

/// Reads both streams until both end. False when the time is over before that.
bool read_both(stream& out, stream& err, steady::time_point end) {
  pollfd watched[2] = {{out.read_end, POLLIN, 0}, {err.read_end, POLLIN, 0}};
  stream* const streams[2] = {&out, &err};
  while (watched[0].fd >= 0 || watched[1].fd >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - steady::now()).count();
    if (left <= 0) return false;
    ::poll(watched, 2, static_cast<int>(left));
    for (int i = 0; i < 2; ++i) {
      if (watched[i].fd >= 0 && watched[i].revents != 0 && !streams[i]->read_some()) watched[i].fd = -1;
    }
  }
  return true;
}

}  // namespace

long long program_end::number(const std::string& name) const {
  const std::string wanted = "\n" + name + "=";
  const std::size_t at = ("\n" + out).find(wanted);
  if (at == std::string::npos) {
    ADD_FAILURE() << "the program printed no " << name << ":\n" << out << err;
    return -1;
  }
  return std::atoll(out.c_str() + at + wanted.size() - 1);
}

program_end run_program(const std::string& name, double limit_seconds, const std::vector<environment_change>& changes) {
  program_end end;
  const steady::time_point begin = steady::now();
  const auto limit = begin + std::chrono::duration_cast<steady::duration>(std::chrono::duration<double>(limit_seconds));
  stream out(end.out);
  stream err(end.err);
  const pid_t child = start(name, changes, out.write_end, err.write_end);
  if (child < 0) {
    ADD_FAILURE() << "cannot start " << name;
    return end;
  }
  out.close_write_end();
  err.close_write_end();
  end.in_time = read_both(out, err, limit);
  if (!end.in_time) ::kill(child, SIGKILL);
  int how = 0;
  while (::wait4(child, &how, 0, &end.used) < 0 && errno == EINTR) {
  }
  end.complained_at = std::chrono::nanoseconds(err.began.time_since_epoch()).count();
  end.seconds = std::chrono::duration<double>(steady::now() - begin).count();
  if (WIFEXITED(how)) end.status = WEXITSTATUS(how);
  if (WIFSIGNALED(how)) end.signal = WTERMSIG(how);
  return end;
}

bool list_program(const char* name, int (*body)()) {
  if (!programs().emplace(name, body).second) std::abort();
  return true;
}

int call_program(const std::string& name) {
  const auto found = programs().find(name);
  if (found == programs().end()) return -1;
  const int status = found->second();
  std::fflush(nullptr);
  return status;
}

long status_kib(const char* name) {
  std::ifstream status("/proc/self/status");
  const std::string wanted = std::string(name) + ":";
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(wanted)) return std::atol(line.c_str() + wanted.size());
  }
  return -1;
}

}  // namespace warren::tests

int main(int argc, char** argv) {
  const std::string_view marked = warren::tests::option;
  if (argc == 2 && std::string_view(argv[1]).starts_with(marked)) {
    return warren::tests::call_program(argv[1] + marked.size());
  }
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
