// SPDX-License-Identifier: MIT
#include "request_scope.hpp"

#include <new>
#include <tuple>
#include <utility>

#include "../runtime/go.hpp"
#include "server_error.hpp"

namespace warren::http {

void request_scope::begin(scope_owner& c, bool watchable) noexcept {
  connection_ = &c;
  values_ = nil;
  failed_ = nil;
  may_watch_ = watchable;
}

context request_scope::get() {
  warren::error why;
  context ctx;
  cancel_cause_func cancel;
  {
    runtime::spin_guard hold(lock_);
    if (made_ != nil) return made_;
    std::tie(made_, cancel_) = context::with_cancel_cause(connection_ != nullptr ? connection_->values() : values_);
    if (connection_ != nullptr) {
      connection_->publish(*this);
      if (connection_->is_aborted() && failed_ == nil) failed_ = server_closed;
      if (may_watch_) watch();
    }
    if (connection_ != nullptr && failed_ == nil) return made_;
    ctx = made_;
    why = failed_;
    cancel = cancel_;
  }
  cancel(std::move(why));
  return ctx;
}

void request_scope::allow_watch() {
  runtime::spin_guard hold(lock_);
  may_watch_ = true;
  if (made_ != nil && connection_ != nullptr) watch();
}

void request_scope::fail(const warren::error& why) {
  cancel_cause_func cancel;
  {
    runtime::spin_guard hold(lock_);
    if (connection_ == nullptr || failed_ != nil) return;
    failed_ = why;
    cancel = cancel_;
  }
  if (cancel != nil) cancel(why);
}

void request_scope::stop_watching() {
  runtime::spin_guard hold(lock_);
  may_watch_ = false;
  unwatch();
}

void request_scope::end() {
  scope_owner* const c = connection_;
  if (c == nullptr) return;
  // Nobody else can come any more: that would take a reference, or a context that was asked for.
  if (is_unshared() && made_ == nil) {
    connection_ = nullptr;
    return;
  }
  cancel_cause_func cancel;
  {
    runtime::spin_guard hold(lock_);
    unwatch();
    if (made_ == nil) values_ = c->values();
    connection_ = nullptr;
    cancel = std::move(cancel_);
  }
  if (cancel == nil) return;
  c->unpublish();
  cancel(nil);
}

bool request_scope::renew() noexcept {
  if (!is_unshared()) return false;
  made_ = nil;
  return true;
}

/// The lock is held.
void request_scope::watch() {
  runtime::descriptor* d = connection_->descriptor();
  if (watching_ || d == nullptr) return;
  watching_ = true;
  d->watch(*this, connection_->what_ends_a_request());
}

/// The lock is held.
void request_scope::unwatch() {
  if (!watching_) return;
  watching_ = false;
  connection_->descriptor()->unwatch(*this);
}

void request_scope::on_peer_end(runtime::peer_watcher* w) noexcept {
  auto* scope = static_cast<request_scope*>(w);
  scope->retain();
  try {
    go([scope] {
      scope->fail(client_disconnected);
      scope->release();
    });
  } catch (const std::bad_alloc&) {
    // A write that fails will cancel it.
    scope->release();
  }
}

}  // namespace warren::http
