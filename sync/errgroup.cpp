// SPDX-License-Identifier: MIT
#include "errgroup.hpp"

// Laws
//   * `err_` is written once, by the first that fails, before its part ends; so it is read only after
//     all_.wait().
//   * A part gives its place back before it counts as ended: when wait() returns the group may be destroyed.

#include <string>
#include <tuple>

#include "../errors/panic.hpp"

namespace warren::errgroup {

group::group(const context& parent) { std::tie(ctx_, cancel_) = context::with_cancel_cause(parent); }

void group::fail(error err) {
  failed_.do_([&] {
    err_ = std::move(err);
    if (cancel_ != nil) cancel_(err_);
  });
}

void group::ended() {
  if (running_ != nil) running_.try_recv();
  all_.done();
}

void group::set_limit(int n) {
  if (n < 0) {
    running_ = nil;
    return;
  }
  if (const auto active = running_.len(); active != 0) {
    panic(errors::make("errgroup: modify limit while " + std::to_string(active) +
                       " goroutines in the group are still active"));
  }
  running_ = make_chan<void>(n);
}

error group::wait() {
  all_.wait();
  if (cancel_ != nil) cancel_(err_);
  return err_;
}

}  // namespace warren::errgroup
