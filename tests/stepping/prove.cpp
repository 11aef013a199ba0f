// SPDX-License-Identifier: MIT

// Explores the kernels:
//
//   prove [KERNEL...] [--kernels | --whole] [--schedules N] [--seed S] [--bounded P L] [--list]
//
// N schedules of each named kernel, of those that are no whole runs, of those that are, or of all; random and PCT by turns.
// With --bounded: every schedule with at most P preemptions and L late stores, of the small ones. The last line says how many
// there were.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <new>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

#include "kernels.hpp"

// Freed memory is spoilt and kept for a while: who still uses it does not find what it expects.
namespace {

constexpr std::size_t kept = 64;
void* graves[kept];
std::size_t buried = 0;

void bury(void* at) noexcept {
  if (at == nullptr) return;
  std::memset(at, 0xDB, malloc_usable_size(at));
  std::free(std::exchange(graves[buried++ % kept], at));
}

}  // namespace

void* operator new(std::size_t bytes) {
  if (void* at = std::malloc(bytes)) return at;
  throw std::bad_alloc();
}
void operator delete(void* at) noexcept { bury(at); }
void operator delete(void* at, std::size_t) noexcept { bury(at); }

namespace stepping {

namespace {

struct settings {
  std::uint64_t schedules = 20'000;
  std::uint64_t seed = 1;
  bool short_ones = true;
  bool whole_ones = true;
  bool bounded = false;
  bounds limits;
  std::vector<std::string_view> names;
  std::string command;  ///< that shows a failure again: what ran before a kernel counts
};

using clock = std::chrono::steady_clock;

double since(clock::time_point begin) { return std::chrono::duration<double>(clock::now() - begin).count(); }

std::vector<kernel> all_kernels() {
  std::vector<kernel> all;
  for (const auto kernels : {queue_kernels(), channel_kernels(), sync_kernels(), context_kernels(), time_kernels(),
                             descriptor_kernels(), scheduler_kernels()}) {
    all.insert(all.end(), kernels.begin(), kernels.end());
  }
  return all;
}

bool wanted(const kernel& k, const settings& s) {
  if (k.whole ? !s.whole_ones : !s.short_ones) return false;
  if (s.bounded && !k.small) return false;
  if (s.names.empty()) return true;
  for (const std::string_view name : s.names) {
    if (name == k.name) return true;
  }
  return false;
}

void explore_bounded(const kernel& k, world& w, const settings& s) {
  w.set_bounds(s.limits);
  do {
    w.begin(s.seed, strategy::bounded);
    k.body(w);
  } while (w.next_bounded());
}

void explore_by_chance(const kernel& k, world& w, const settings& s) {
  for (std::uint64_t i = 0; i < std::min(s.schedules, k.most); ++i) {
    w.begin(s.seed * 1'000'003 + i, i % 2 == 0 ? strategy::random : strategy::pct);
    k.body(w);
  }
}

/// Returns how many schedules there were.
void explore(const kernel& k, world& w, const settings& s) {
  const figures before = w.total();
  const auto begin = clock::now();
  w.name_failures(k.name, s.command.c_str());
  s.bounded ? explore_bounded(k, w, s) : explore_by_chance(k, w, s);
  const std::uint64_t n = w.total().schedules - before.schedules;
  std::printf("%-24s %12llu schedules %8.1f steps each %8.2f s\n", k.name, static_cast<unsigned long long>(n),
              static_cast<double>(w.total().steps - before.steps) / static_cast<double>(n), since(begin));
  std::fflush(stdout);
}

bool read_settings(int n, char** words, settings& s) {
  for (int i = 0; i < n; ++i) s.command.append(i == 0 ? "" : " ").append(words[i]);
  for (int i = 1; i < n; ++i) {
    const std::string_view word = words[i];
    const auto number = [&] { return i + 1 < n ? std::strtoull(words[++i], nullptr, 0) : 0; };
    if (word == "--schedules") {
      s.schedules = number();
    } else if (word == "--kernels") {
      s.whole_ones = false;
    } else if (word == "--whole") {
      s.short_ones = false;
    } else if (word == "--seed") {
      s.seed = number();
    } else if (word == "--bounded") {
      s.bounded = true;
      s.limits.preemptions = static_cast<int>(number());
      s.limits.late_stores = static_cast<int>(number());
    } else if (word == "--list") {
      for (const kernel& k : all_kernels()) std::printf("%s%s%s\n", k.name, k.whole ? " whole" : "", k.small ? " small" : "");
      std::exit(0);
    } else if (word.starts_with("--")) {
      return false;
    } else {
      s.names.push_back(word);
    }
  }
  return true;
}

extern "C" void crashed(int signal) { the_world.fail(signal == SIGABRT ? "it aborted" : "it crashed"); }

void report_crashes() {
  static char room[64 * 1024];
  stack_t own{};
  own.ss_sp = room;
  own.ss_size = sizeof room;
  sigaltstack(&own, nullptr);
  struct sigaction action{};
  action.sa_handler = crashed;
  action.sa_flags = SA_ONSTACK | static_cast<int>(SA_RESETHAND);
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) sigaction(signal, &action, nullptr);
}

int prove(int n, char** words) {
  settings s;
  if (!read_settings(n, words, s)) {
    std::fprintf(stderr, "usage: prove [KERNEL...] [--kernels | --whole] [--schedules N] [--seed S] [--bounded P L] [--list]\n");
    return 2;
  }
  report_crashes();
  // What the library draws in the schedule in which it makes a thread's record.
  setenv("WARREN_SEED", "1", 1);
  world& w = the_world;
  figures short_ones;
  figures whole_runs;
  std::size_t explored = 0;
  for (const kernel& k : all_kernels()) {
    if (!wanted(k, s)) continue;
    const figures before = w.total();
    explore(k, w, s);
    (k.whole ? whole_runs : short_ones).schedules += w.total().schedules - before.schedules;
    ++explored;
  }
  if (explored < s.names.size() || explored == 0) {
    std::fprintf(stderr, "there is no such kernel; see --list\n");
    return 2;
  }
  std::printf("stepping: %llu schedules, %llu whole runs, %llu steps\n",
              static_cast<unsigned long long>(short_ones.schedules), static_cast<unsigned long long>(whole_runs.schedules),
              static_cast<unsigned long long>(w.total().steps));
  return 0;
}

}  // namespace

}  // namespace stepping

int main(int n, char** words) { return stepping::prove(n, words); }
