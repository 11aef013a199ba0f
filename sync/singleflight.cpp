// SPDX-License-Identifier: MIT
#include "singleflight.hpp"

// Laws
//   * The table's mutex guards the table, and of a call its place there, its channels and the number of those
//     who came after the first. It is one that parks, because keys are hashed and compared under it, by user
//     code. No function of the user's, no copy of a value and no waking happens under it.
//   * Who finds no call for a key runs its function, and is the first. It closes the call, however that ends:
//     from then on nobody finds it, the fields that the mutex guarded are the first's, and nothing of the
//     group is touched.
//   * How it ended, the value and the error are written before land() and read after wait(), by all alike.
//     The first may move them out if there are no others.
//   * An exception is handed to those who wait in do_(). One who waits on a channel cannot be told of it, nor
//     be left waiting, so it ends the program then; nobody is told before the report.

#include <utility>

#include "../errors/panic.hpp"
#include "../runtime/thread.hpp"

namespace warren::singleflight {

namespace {
// It unwinds by an exception, which belongs to this goroutine alone.
bool exiting() noexcept { return runtime::current_goroutine()->has(runtime::goroutine::exiting); }
}  // namespace

goexit_watch::goexit_watch() noexcept : exiting_before_(exiting()) {}

bool goexit_watch::sees_goexit() const noexcept { return exiting() && !exiting_before_; }

void flight::wait() {
  ended_.wait();
  if (how_ == end::returned) return;
  if (how_ == end::threw) std::rethrow_exception(failure_);
  if (runtime::current_thread()->as_worker == nullptr) panic("runtime.Goexit was called");
  goexit();
}

void flight::land_failed(std::exception_ptr failure) noexcept {
  how_ = end::threw;
  failure_ = std::move(failure);
  land();
}

void flight::land_exited() noexcept {
  how_ = end::exited;
  land();
}

void end_by(const std::exception_ptr& failure) noexcept { std::rethrow_exception(failure); }

}  // namespace warren::singleflight
