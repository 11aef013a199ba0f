// SPDX-License-Identifier: MIT
#pragma once

// Does things to channels, and writes down what, when, and how it ended.
//
// Laws
//   * A scribe belongs to one goroutine or thread; all scribes of a history share its clock.
//   * The stamps stand outside of the operation, as close to it as can be: it has happened between them.

#include <warren/channels/channel.hpp>

#include <atomic>
#include <cstdint>

#include "history.hpp"

namespace warren::laws {

struct mailbox {
  chan<letter> letters;
  std::uint32_t number = 0;  ///< among the channels of the history
};

/// What became of a letter, or of the wish for one.
enum class fate : std::uint8_t { done, closed, refused };

class scribe {
 public:
  /// What one of two cases came to.
  struct choice {
    fate how = fate::refused;
    int which = 0;  ///< unless refused; of two sends of which one threw nobody knows
    letter value = 0;
  };

  explicit scribe(std::atomic<stamp>& clock) noexcept : clock_(clock) {}

  fate send(const mailbox& to, letter v);
  fate try_send(const mailbox& to, letter v);
  fate receive(const mailbox& from);
  fate try_receive(const mailbox& from);
  fate close(const mailbox& box);

  choice send_either(const mailbox& a, const mailbox& b, letter v);
  choice try_send_either(const mailbox& a, const mailbox& b, letter v);
  choice receive_either(const mailbox& a, const mailbox& b);
  choice try_receive_either(const mailbox& a, const mailbox& b);
  /// Case 0 sends, case 1 receives.
  choice send_or_receive(const mailbox& to, letter v, const mailbox& from);

  /// What was written down, to the end of `h`.
  void hand_in(history& h);

 private:
  stamp now() noexcept;
  fate write(deed what, const mailbox& box, stamp begin, fate how, letter v = 0);
  choice write_received(const mailbox& box, stamp begin, int which, letter v, bool ok);
  void write_refused(stamp begin, attempt a, attempt b);

  std::atomic<stamp>& clock_;
  history own_;
};

}  // namespace warren::laws
