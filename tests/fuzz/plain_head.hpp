// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace warren::fuzz {

/// What a request's head says, as slow and plain code reads it that knows the whole of it.
struct plain_head {
  std::string_view method;
  std::string_view target;
  std::string_view host;  ///< as it stands in the field, unchecked
  bool chunked = false;
  std::int64_t content_length = -1;
  std::size_t fields = 0;  ///< lines after the first
  std::size_t size = 0;
};

/// Returns: nothing unless the text begins with the head of a good request. Without limits to its size; targets are checked
/// for their bytes alone, hosts not at all.
std::optional<plain_head> read_plainly(std::string_view text);

}  // namespace warren::fuzz
