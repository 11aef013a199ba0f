// SPDX-License-Identifier: MIT
#pragma once

// What was done to some channels, by whomever, and when: what the laws of channels are checked on.
//
// Laws
//   * Stamps come from one counter: no two are the same, and what ended with a smaller stamp than another began with came
//     before it. What overlaps came in any order.
//   * No two sends of a history have the same value.
//   * Everything has ended. What still lies in a buffer then is in `left`, the first in first.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace warren::laws {

using stamp = std::uint64_t;
using letter = std::uint64_t;  ///< a value

enum class deed : std::uint8_t { send, receive, close };

/// How it ended. What found nothing to do is a refusal.
enum class ending : std::uint8_t {
  done,
  closed,  ///< send and close threw; receive came back with false
};

struct operation {
  stamp begin = 0;
  stamp end = 0;
  letter value = 0;  ///< of a send, and of a receive that is done
  std::uint32_t channel = 0;
  deed what = deed::send;
  ending how = ending::done;
};

/// One of the cases that a refusal has tried.
struct attempt {
  std::uint32_t channel = 0;
  deed what = deed::send;
};

/// A try that did nothing, or a select that took `otherwise`.
struct refusal {
  stamp begin = 0;
  stamp end = 0;
  std::vector<attempt> cases;
};

struct history {
  struct buffer {
    std::size_t capacity = 0;
    std::vector<letter> left;
  };
  std::vector<buffer> channels;
  std::vector<operation> operations;
  std::vector<refusal> refusals;

  std::size_t size() const noexcept { return operations.size() + refusals.size(); }
};

}  // namespace warren::laws
