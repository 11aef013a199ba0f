// SPDX-License-Identifier: MIT
// What most of the library's files include, read once by clang. Every file includes what it uses all the same: GCC does
// without this page.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
