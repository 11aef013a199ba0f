// SPDX-License-Identifier: MIT
#include "notify_context.hpp"

#include <string>

#include "../errors/panic.hpp"
#include "signal_name.hpp"
#include "switchboard.hpp"

namespace warren::signals {

namespace {

/// Why a context was cancelled by a signal.
class signal_error final : public errors::base {
 public:
  explicit signal_error(int signal) : signal_(signal) {}

  std::string message() const override { return name_of(signal_) + " signal received"; }
  bool is(error target) const override { return target == context::canceled; }

 private:
  int signal_;
};

}  // namespace

class interrupted_context final : public receiver {
 public:
  explicit interrupted_context(cancel_cause_func cancel) noexcept : cancel_(std::move(cancel)) {}

  void receive(int signal) noexcept override { cancel_(signal_error(signal)); }

  void stop() const {
    cancel_(nil);
    the_switchboard().remove(*this);
  }

 private:
  const cancel_cause_func cancel_;
};

void stop_func::operator()() const {
  if (context_ == nullptr) panic("signals: call of a nil stop function");
  context_->stop();
}

std::pair<context, stop_func> notify_context_of(const context& parent, signal_set wanted) {
  auto [ctx, cancel] = context::with_cancel_cause(parent);
  auto made = std::make_shared<interrupted_context>(std::move(cancel));
  if (!wanted.empty()) the_switchboard().add(made, wanted);
  return {std::move(ctx), stop_func(std::move(made))};
}

}  // namespace warren::signals
