// SPDX-License-Identifier: MIT
#include "ledger.hpp"

#include <dirent.h>
#include <malloc.h>

#include <ostream>

#include <warren/runtime/clock.hpp>
#include <warren/time/sleep.hpp>

namespace warren::tests {

namespace {

int open_files() {
  int n = 0;
  DIR* folder = ::opendir("/proc/self/fd");
  while (::readdir(folder) != nullptr) ++n;
  ::closedir(folder);
  return n - 3;  // ".", ".." and the folder itself
}

std::size_t heap_in_use() {
  const struct mallinfo2 all = ::mallinfo2();
  return all.uordblks + all.hblkhd;
}

}  // namespace

ledger ledger::now() { return {runtime::count_all(), open_files(), heap_in_use()}; }

ledger ledger::settled(const ledger& wanted, std::chrono::seconds patience) {
  const auto end = clock::now() + patience;
  ledger l = now();
  while (!(l == wanted) && clock::now() < end) {
    sleep(std::chrono::milliseconds(2));
    l = now();
  }
  return l;
}

std::ostream& operator<<(std::ostream& out, const ledger& l) {
  const runtime::counters& c = l.library;
  return out << c.goroutines << " goroutines, " << c.stacks_in_use << " stacks, " << c.armed_timers << " timers, "
             << c.queued_waiters << " waiters, " << c.event_waits << " event waits, " << c.files << " sockets; "
             << l.files << " descriptors, " << l.heap << " bytes";
}

}  // namespace warren::tests
