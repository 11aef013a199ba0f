// SPDX-License-Identifier: MIT
#include "pool.hpp"

#include "../runtime/thread.hpp"
#include "../runtime/worker.hpp"

namespace warren::sync {

/// Workers are numbered from zero; what the kernel calls the other threads is as good as any number.
std::uint32_t pool_shelf::of_this_thread(std::uint32_t shelves) noexcept {
  const runtime::thread* t = runtime::current_thread();
  const std::uint32_t number =
      t->as_worker != nullptr ? t->as_worker->index : static_cast<std::uint32_t>(t->id.get());
  return number % shelves;
}

}  // namespace warren::sync
