// SPDX-License-Identifier: MIT
#pragma once

// Requests that have misled servers, or might: what is to become of each.
// Source: RFC 9112; the classes of faults that the HTTP Garden, the tests of llhttp, nginx and Go, and the advisories of
// the last years describe.

#include <string>
#include <string_view>
#include <vector>

namespace warren::tests {

struct request_case {
  std::string_view name;
  int refused;  ///< the status; 0: it is taken
  std::string bytes;
  std::string body = {};  ///< of a request that is taken
};

const std::vector<request_case>& request_cases();

}  // namespace warren::tests
