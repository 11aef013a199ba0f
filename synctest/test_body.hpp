// SPDX-License-Identifier: MIT
#pragma once

namespace warren::synctest {

/// What runs in a closed world, by reference.
struct test_body {
  void (*call)(void*);
  void* f;
};

}  // namespace warren::synctest
