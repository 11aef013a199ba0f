// SPDX-License-Identifier: MIT
#include "notify.hpp"

#include "../errors/panic.hpp"
#include "switchboard.hpp"

namespace warren::signals {

void notify_of(const send_chan<int>& c, signal_set wanted) {
  if (c == nil) panic("os/signal: Notify using nil channel");
  if (!wanted.empty()) the_switchboard().add(c, wanted);
}

void stop(const send_chan<int>& c) {
  if (c != nil) the_switchboard().remove(c);
}

void ignore_all_of(signal_set unwanted) { the_switchboard().ignore(unwanted); }

bool ignored(int signal) {
  signal_set one;
  one.insert(signal);
  return !one.empty() && the_switchboard().is_ignored(signal);
}

void reset_all_of(signal_set unwanted) { the_switchboard().remove(unwanted); }

}  // namespace warren::signals
