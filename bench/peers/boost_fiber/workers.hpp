// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

/// Runs f in a fiber while count threads (the caller among them) schedule fibers.
void run_on_workers(unsigned count, const std::function<void()>& f);
