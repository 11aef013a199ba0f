// SPDX-License-Identifier: MIT
#include "registration.hpp"

#include "../runtime/go.hpp"
#include "cancel_node.hpp"

namespace warren::context_tree {

bool registration::stop() noexcept {
  if (decide(progress::stopped)) {
    if (up != nullptr) up->delist(this);
    forget();
    if (up != nullptr) up->release();
    return true;
  }
  progress expected = progress::forsaken;
  return state_.compare_exchange_strong(expected, progress::stopped, std::memory_order_relaxed);
}

void registration::start() {
  // Not run when the function throws: then the process ends.
  struct end_of_run {
    registration* r;
    ~end_of_run() {
      r->forget();
      r->release();
    }
  };
  go([this] {
    const end_of_run end{this};
    run();
  });
}

}  // namespace warren::context_tree
