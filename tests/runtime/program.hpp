// SPDX-License-Identifier: MIT
#pragma once

// Programs inside the test program, for what needs a process of its own: an end by a report, a clean peak of memory,
// settings that are read once. The test program starts itself anew with the name of one of them.

#include <sys/resource.h>

#include <string>
#include <utility>
#include <vector>

namespace warren::tests {

/// How a program ended.
struct program_end {
  int status = -1;      ///< of exit; -1: it was ended by a signal
  int signal = 0;
  bool in_time = true;  ///< false: it had to be killed
  double seconds = 0;
  long long complained_at = 0;  ///< on the monotonic clock, ns: when the first of standard error came
  rusage used{};
  std::string out;
  std::string err;

  /// The first line on standard error.
  std::string first_complaint() const { return err.substr(0, err.find('\n')); }
  /// The number that the program printed as `NAME=NUMBER`; fails the test when there is none.
  long long number(const std::string& name) const;
};

using environment_change = std::pair<std::string, std::string>;

/// Runs the program of that name; the changes are made to its environment.
program_end run_program(const std::string& name, double limit_seconds = 60,
                        const std::vector<environment_change>& changes = {});

/// Lists a program. Returns true, so that a global can be initialised with it.
bool list_program(const char* name, int (*body)());

/// main()'s: the listed program's status; -1 when there is none of that name.
int call_program(const std::string& name);

/// The number behind `NAME:` in /proc/self/status, which is in KiB there.
long status_kib(const char* name);

}  // namespace warren::tests

/// A program inside the test program: run_program("NAME").
#define WARREN_PROGRAM(name)                                                                           \
  static int name##_program();                                                                         \
  [[maybe_unused]] static const bool name##_program_listed =                                           \
      ::warren::tests::list_program(#name, name##_program);                                            \
  static int name##_program()
