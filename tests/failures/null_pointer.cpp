// SPDX-License-Identifier: MIT
// A fault that is no overflow is nobody's business but the system's.
#include <warren/warren.hpp>

using namespace warren;

int* volatile nowhere = nullptr;

int main() {
  return run([] { *nowhere = 1; });
}
