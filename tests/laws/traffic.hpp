// SPDX-License-Identifier: MIT
#pragma once

// Senders, receivers and somebody who closes, at work on a few channels at a time.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "history.hpp"

namespace warren::laws {

struct traffic {
  std::string name;
  std::vector<std::size_t> capacities;  ///< a channel each
  int senders = 2;
  int receivers = 2;                    ///< at least one a channel: so nobody waits for ever
  int threads = 0;                      ///< so many of either are threads, not goroutines
  std::uint64_t letters = 100;          ///< a sender
  bool closes_early = false;            ///< at any moment; else when the senders are done
  int quits_after = 0;                  ///< a receiver stops after so many letters; 0: when all is closed
};

/// What was done, once everybody is done. Runs in a goroutine. Parks: yes.
history record(const traffic& t, std::uint64_t seed);

}  // namespace warren::laws
