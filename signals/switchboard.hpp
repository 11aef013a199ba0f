// SPDX-License-Identifier: MIT
#pragma once

// Who is told of which signals, and the thread that tells them.
//
//      handler ── bit, bell ──► the thread ── under `lock_` ──► channels: a send that does not wait
//                                   └──────── after it ───────► contexts: a cancel
//
// Laws
//   * One lock guards the list, the actions (see interception.hpp) and the sends. So after remove() a channel gets
//     nothing more; and what was caught before the action was put back, remove() itself has sent to it.
//   * Contexts are cancelled when the lock is free: destructors of the program's own may run, and may come back here.
//   * The thread lives while there is anybody to tell. It is none of the library's workers, so nothing needs a run, and a
//     program that waits for a signal and nothing else has a thread that may act: that is no deadlock. When the
//     last is removed it ends, and deadlocks are found as before.
//   * Lock order: `lock_`, then a channel's.

#include <memory>
#include <vector>

#include "../channels/channel.hpp"
#include "../runtime/thread_lock.hpp"
#include "signal_set.hpp"

namespace warren::signals {

/// Is told of signals.
class receiver {
 public:
  virtual ~receiver() = default;
  /// Under no lock.
  virtual void receive(int signal) noexcept = 0;
};

class switchboard {
 public:
  /// To what the receiver is told of already. Throws: std::system_error when there is no thread, and std::bad_alloc; then
  /// nothing has changed.
  void add(const send_chan<int>& channel, signal_set wanted);
  void add(std::shared_ptr<receiver> who, signal_set wanted);

  /// Nothing is told when it is not there.
  void remove(const send_chan<int>& channel);
  void remove(const receiver& who);

  /// From everybody.
  void remove(signal_set unwanted);
  /// The same, and the signals are ignored.
  void ignore(signal_set unwanted);

  bool is_ignored(int signal);

 private:
  /// Either a channel or a receiver.
  struct entry {
    send_chan<int> channel;
    std::shared_ptr<receiver> who;
    signal_set wanted;
  };
  /// What is left to be done when the lock is free.
  struct call {
    std::shared_ptr<receiver> who;
    int signal;
  };
  using calls = std::vector<call>;

  template <class Is>
  entry* find(Is is);
  void add_to(entry& e, signal_set wanted);
  void remove(entry* e, calls& left);
  void take_from_all(signal_set unwanted, calls& left);
  signal_set wanted_by_all(const entry* but = nullptr) const;
  static void send(const entry& e, int signal) noexcept;
  void send_arrived(calls& left) noexcept;
  static void make(calls&& left);

  int start_thread() noexcept;
  static void thread_body(void* self) noexcept;
  bool serve_once();

  runtime::thread_lock lock_;
  std::vector<entry> entries_;
  bool thread_lives_ = false;
};

/// The process has one, which is never destroyed: signals come during exit, too.
switchboard& the_switchboard();

}  // namespace warren::signals
