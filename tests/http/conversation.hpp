// SPDX-License-Identifier: MIT
#pragma once

// What a server makes of the bytes of a connection: parser, body and chunk decoder together, as a server uses them.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace warren::tests {

struct message {
  std::string method;
  std::string target;
  std::string host;
  std::string body;
  std::string fields;    ///< a line each, as written to the wire
  std::string trailers;  ///< likewise

  friend bool operator==(const message&, const message&) = default;
};

struct conversation {
  std::vector<message> accepted;
  int refused = 0;  ///< the status that ended it; 400 for a bad body; 0: nothing was wrong
  std::string reason;
  bool unfinished = false;  ///< the bytes ended within a message

  friend bool operator==(const conversation& a, const conversation& b) {
    return a.accepted == b.accepted && a.refused == b.refused && a.unfinished == b.unfinished;
  }
};

/// Reads messages until the bytes end or are refused.
conversation converse(std::vector<std::string> pieces);

std::string to_string(const conversation& c);

}  // namespace warren::tests
