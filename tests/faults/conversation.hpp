// SPDX-License-Identifier: MIT
#pragma once

// Two ends that talk over a socket of this machine: what was said comes back, or one of both tells why not.

#include <warren/errors/error.hpp>

#include <cstddef>
#include <string>

namespace warren::tests {

/// So many letters of which neighbours differ.
std::string alphabet(std::size_t size);

struct conversation {
  std::string said;
  std::string heard;
  error client;
  error server;
};

/// Listens, dials, says so many bytes, and hears them from an echo in small pieces. Ends by itself, also when anything in it
/// fails.
conversation converse(std::size_t bytes);

}  // namespace warren::tests
