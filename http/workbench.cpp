// SPDX-License-Identifier: MIT
#include "workbench.hpp"

#include <cstddef>

#include "../runtime/spinlock.hpp"

namespace warren::http {

namespace {

/// As many as usually are at work at a time; more than that are freed.
constexpr std::size_t store_size = 64;

struct store {
  runtime::spinlock lock;
  workbench* top = nullptr;
  std::size_t size = 0;
};

constinit store benches;

}  // namespace

workbench::workbench() : body(new message_body), scope(new request_scope) {}

workbench::~workbench() {
  body->release();
  scope->release();
}

workbench* take_workbench() {
  {
    runtime::spin_guard hold(benches.lock);
    if (workbench* b = benches.top; b != nullptr) {
      benches.top = b->next;
      --benches.size;
      return b;
    }
  }
  return new workbench;
}

void give_workbench(workbench* b) noexcept {
  {
    runtime::spin_guard hold(benches.lock);
    if (benches.size < store_size) {
      b->next = benches.top;
      benches.top = b;
      ++benches.size;
      return;
    }
  }
  delete b;
}

}  // namespace warren::http
