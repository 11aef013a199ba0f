// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>

#include "../channels/channel.hpp"
#include "signal_set.hpp"

// Signals of the operating system, sent to channels. All functions may be called by goroutines and by any thread, whether
// a run is going on or not, and none parks. Signals that tell of a fault of the program itself (SIGSEGV, SIGBUS,
// SIGFPE, SIGILL, SIGTRAP, SIGSYS), SIGKILL and SIGSTOP are left out wherever they are named.

namespace warren::signals {

/// Sends the signals to the channel as they come, each by its number, all signals when none is named. They are dropped
/// while the channel is full or nobody receives: a buffer of one does for one signal. What they did before is
/// suspended. Further calls add to the signals of a channel, and a signal may go to several channels.
/// Throws: panic_error (`os/signal: Notify using nil channel`); std::system_error when no thread can be had.
/// Source: Go signal.Notify.
template <std::same_as<int>... Signals>
void notify(const send_chan<int>& c, Signals... signals);

/// Ends all sending to the channel: when it returns nothing more comes. A signal that nobody else wants does again what it
/// did before; one that comes meanwhile is either sent or does that.
/// Source: Go signal.Stop.
void stop(const send_chan<int>& c);

/// Ignores the signals, all when none is named; they are sent to nobody any more.
/// Source: Go signal.Ignore.
template <std::same_as<int>... Signals>
void ignore(Signals... signals);

/// Returns: whether the signal is ignored, by ignore() or since the program was started.
/// Source: Go signal.Ignored.
bool ignored(int signal);

/// Undoes all notify() of the signals, of all when none is named.
/// Source: Go signal.Reset.
template <std::same_as<int>... Signals>
void reset(Signals... signals);

void notify_of(const send_chan<int>& c, signal_set wanted);
void ignore_all_of(signal_set unwanted);
void reset_all_of(signal_set unwanted);

template <std::same_as<int>... Signals>
void notify(const send_chan<int>& c, Signals... signals) {
  notify_of(c, signal_set::of(signals...));
}

template <std::same_as<int>... Signals>
void ignore(Signals... signals) {
  ignore_all_of(signal_set::of(signals...));
}

template <std::same_as<int>... Signals>
void reset(Signals... signals) {
  reset_all_of(signal_set::of(signals...));
}

}  // namespace warren::signals
