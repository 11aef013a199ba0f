// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <utility>

#include "../context/context.hpp"
#include "signal_set.hpp"

namespace warren::signals {

class interrupted_context;

/// Ends what notify_context() began: the context is cancelled, and the signals do again what they did before. A handle:
/// copies share, a default one is nil. It may be called from anywhere, several times; dropping it ends nothing.
class stop_func {
 public:
  stop_func() noexcept = default;
  stop_func(std::nullptr_t) noexcept {}
  explicit stop_func(std::shared_ptr<interrupted_context> made) noexcept : context_(std::move(made)) {}

  /// Parks: no. Throws: panic_error for nil.
  void operator()() const;

  friend bool operator==(const stop_func& a, const stop_func& b) noexcept = default;
  friend bool operator==(const stop_func& f, std::nullptr_t) noexcept { return f.context_ == nullptr; }

 private:
  std::shared_ptr<interrupted_context> context_;
};

/// Makes a context below `parent` that is cancelled by the first of the signals, of all when none is named, and by the
/// function returned. Until that is called the signals have no other effect, also when the context is done.
/// `context::cause` of a context that a signal has cancelled says which: `interrupt signal received`.
/// Parks: no. Throws: panic_error (`cannot create context from nil parent`); std::system_error when no thread can be had.
/// Source: Go signal.NotifyContext.
template <std::same_as<int>... Signals>
std::pair<context, stop_func> notify_context(const context& parent, Signals... signals);

std::pair<context, stop_func> notify_context_of(const context& parent, signal_set wanted);

template <std::same_as<int>... Signals>
std::pair<context, stop_func> notify_context(const context& parent, Signals... signals) {
  return notify_context_of(parent, signal_set::of(signals...));
}

}  // namespace warren::signals
