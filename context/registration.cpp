// SPDX-License-Identifier: MIT
#include "registration.hpp"

#include "../runtime/go.hpp"

namespace warren::context_tree {

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
