// SPDX-License-Identifier: MIT
#include "fresh_list.hpp"

namespace warren::runtime {

bool fresh_list::grow() noexcept {
  const std::uint32_t more = room_ != 0 ? room_ * 2 : first_room;
  auto** ring = more > room_ ? static_cast<goroutine**>(std::malloc(more * sizeof(goroutine*))) : nullptr;
  if (ring == nullptr) return false;
  for (std::uint32_t i = 0; i < size(); ++i) ring[i] = at(i);
  std::free(ring_);
  ring_ = ring;
  room_ = more;
  first_ = 0;
  return true;
}

void fresh_list::shrink() noexcept {
  std::free(ring_);
  ring_ = nullptr;
  room_ = 0;
  first_ = 0;
}

}  // namespace warren::runtime
