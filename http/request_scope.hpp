// SPDX-License-Identifier: MIT
#pragma once

// The context of a request that is being answered: made when somebody asks for it, canceled when the client disconnects,
// when the connection fails, and when the handler returns.
//
//              get()               the client has gone, the connection failed
//     bare ───────────► made ─────────────────────────────────────────────────► canceled
//      ▲│                 └───────────────── end() ───────────────────────────────▲ │
//      │└────────── end() ─────────► over ── get() gives a context that is done ──┘ │
//      └──────────────────────────────────── renew() ────────────────────────────────┘
//
// Laws
//   * The connection holds a reference, and so do the copies of the request and who is about to cancel. A handler that never
//     asks costs nothing: end() then finds neither a second reference nor a context.
//   * `lock_` guards all fields. Contexts are canceled after it is released, for that runs user code.
//   * The client is watched for (without a goroutine and without a system call: see runtime/descriptor.hpp) from when there is
//     a context and the body has been read to its end, until end(). What the poller knows of the client's end it keeps: so a
//     client that went before the watch began is noticed at once.
//   * The poller calls under the descriptor's lock: it only starts a goroutine.

#include "../context/context.hpp"
#include "../errors/error.hpp"
#include "../runtime/descriptor.hpp"
#include "../runtime/spinlock.hpp"
#include "request.hpp"

namespace warren::http {

class request_scope;

/// Whose requests they are.
class scope_owner {
 public:
  scope_owner(const scope_owner&) = delete;
  scope_owner& operator=(const scope_owner&) = delete;

  /// The context that those of all requests are made from. Under the scope's lock.
  virtual const context& values() = 0;
  /// What is watched; null: nothing can be.
  virtual runtime::descriptor* descriptor() const noexcept = 0;
  virtual runtime::peer_end what_ends_a_request() const noexcept = 0;
  virtual bool is_aborted() const noexcept = 0;
  /// Until unpublish() an abort finds the scope.
  virtual void publish(request_scope& s) noexcept = 0;
  virtual void unpublish() noexcept = 0;

 protected:
  scope_owner() noexcept = default;
  ~scope_owner() = default;
};

class request_scope final : public lazy_context, private runtime::peer_watcher {
 public:
  request_scope() noexcept : runtime::peer_watcher{&request_scope::on_peer_end} {}

  /// For a new request. `c` lives until end(). `watchable`: the body has nothing to say in it.
  void begin(scope_owner& c, bool watchable) noexcept;

  context get() override;

  /// The body was read to its end: from now on nobody else would notice that the client has gone.
  void allow_watch();
  /// The connection is of no use any more.
  void fail(const warren::error& why);
  /// The connection is somebody else's from now on.
  void stop_watching();
  /// The handler has returned. Once more does nothing.
  void end();
  /// After end(): makes it bare again, unless others hold it: the context stays for those who will ask. Returns: whether it
  /// may serve the next request.
  bool renew() noexcept;

 private:
  ~request_scope() override = default;

  static void on_peer_end(runtime::peer_watcher* w) noexcept;
  void watch();
  void unwatch();

  runtime::spinlock lock_;
  scope_owner* connection_ = nullptr;        ///< null: it is over
  context values_;                           ///< of the connection; once it is over, if there are other references
  context made_;
  cancel_cause_func cancel_;
  warren::error failed_;
  bool may_watch_ = false;
  bool watching_ = false;
};

}  // namespace warren::http
