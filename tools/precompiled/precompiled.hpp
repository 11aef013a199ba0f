// SPDX-License-Identifier: MIT
// What most of the library's files include, read once by the compiler. Every file includes what it uses all the same: one
// build of the checks does without this page (-Db_pch=false).

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
