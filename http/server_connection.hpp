// SPDX-License-Identifier: MIT
#pragma once

// One connection of a server, from its accept to its end.
//
//              first bytes            answered, nothing more there
//     fresh ───────────────► serving ──────────────────────────────► idle ──┐
//       │                     │   ▲                                   │     │ the next request's bytes
//       │                     │   └───────────────────────────────────┼─────┘
//       └─── timeout ─────────┴──► closed, hijacked ◄─── timeout ─────┘
//
// Laws
//   * While it serves, one goroutine owns it: it alone touches the fields, but those that say otherwise. While it is fresh
//     or idle there is no goroutine: the descriptor has the connection as listener, and who takes it out of there owns
//     it (a byte, the end, a timeout: then a goroutine is started; or shutdown()). A stream without a descriptor has a
//     goroutine that waits in read; there `phase_` decides by compare-exchange who owns it.
//   * The owner holds a reference. Others take theirs under the core's lock while the connection is in the list.
//   * Only the owner ends it: takes it out of the list, closes the stream, lets its reference go. Everybody may close the
//     stream (abort), which brings the owner to that.
//   * Without memory for a request, or for the answer to it, a connection ends, and nothing else does.
//   * Idle, it has neither goroutine, stack, buffer nor workbench.
//   * Lock order: the core's, a scope's, then `lock_`.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

#include "../context/context.hpp"
#include "../errors/error.hpp"
#include "../net/conn.hpp"
#include "../runtime/descriptor.hpp"
#include "../runtime/owned.hpp"
#include "../runtime/spinlock.hpp"
#include "head_parser.hpp"
#include "message_body.hpp"
#include "reply.hpp"
#include "request_scope.hpp"
#include "server_member.hpp"
#include "service.hpp"

namespace warren::http {

struct workbench;

class server_connection final : public server_member,
                                public scope_owner,
                                public reply_owner,
                                private runtime::io_listener,
                                private body_hooks {
 public:
  /// Begins to serve what was accepted. Calls the server's hooks.
  static void start(service& of, net::conn c);

  // --- the core's
  bool is_fresh() const noexcept override { return phase_.load(std::memory_order_relaxed) == phase::fresh; }
  std::int64_t opened_at() const noexcept override { return opened_at_; }
  bool is_coming() const noexcept override { return phase_.load(std::memory_order_relaxed) == phase::coming; }
  bool take_idle(bool coming_too) noexcept override;
  bool take_fresh() noexcept override;
  void end_taken() override;
  void abort() override;

  // --- a scope's
  const context& values() override;
  runtime::descriptor* descriptor() const noexcept override { return stream_->descriptor(); }
  runtime::peer_end what_ends_a_request() const noexcept override;
  bool is_aborted() const noexcept override;
  void publish(request_scope& s) noexcept override;
  void unpublish() noexcept override;

  // --- the answer's
  warren::error write(std::string_view first, std::string_view second) override;
  bool drain_body() override;
  bool body_at_end() const noexcept override;
  bool body_is_spoiled() const noexcept override { return spoiled_; }
  bool keeps_alive() const noexcept override;
  void log(std::string_view line) const override { service_.log(line); }
  result<net::conn> hijack() override;
  warren::error set_read_deadline_for_handler(std::int64_t when) override;
  warren::error set_write_deadline_for_handler(std::int64_t when) override;

 private:
  enum class phase : std::uint8_t {
    fresh,
    serving,
    idle,          ///< the descriptor has it
    coming,        ///< its goroutine is about to read what has come
    idle_in_read,  ///< its goroutine waits
    taken,         ///< closed for the goroutine that reads; that ends it
  };
  enum class next_step : std::uint8_t { serve, wait, linger, close, leave };

  server_connection(service& of, net::conn c);
  ~server_connection() override;

  const warren::error& why_lost() const noexcept;
  static void on_ready(runtime::io_listener* l, runtime::goroutine_list& woken) noexcept;
  void begin();
  void start_goroutine();

  // The life of the goroutine.
  void serve();
  void serve_until_end();
  next_step serve_until_idle();
  bool can_listen() const noexcept;
  bool listen(phase as);
  bool may_wait_in_read();
  bool take_in_read(phase as) noexcept;
  void take_bench();
  void put_bench_away() noexcept;
  void linger();
  void finish();

  // One request.
  next_step serve_one();
  head_status read_head();
  bool read_more_of_head();
  next_step refuse(int status, std::string_view why);
  bool prepare_request();
  next_step expectation_failed();
  void begin_body();
  void set_deadlines_of_request();
  void run_handler();
  void contain_panic(const std::exception_ptr& thrown);
  void end_scope();
  void end_request_and_connection();
  bool may_have_more() const noexcept;
  next_step end_request();
  void clear_request();

  // Body hooks.
  warren::error before_read() override;
  void at_end(body_end how, const warren::error& why, http::header& trailers) override;

  void tell(conn_state s) const;
  void set_read_deadline(std::int64_t when);
  void set_idle_deadline();

  service& service_;
  const net::conn conn_;
  net::stream* const stream_;
  workbench* bench_ = nullptr;     ///< while it serves
  std::int64_t opened_at_;
  std::int64_t head_began_ = 0;  ///< with a read timeout
  bool slow_head_ = false;       ///< the head did not come at once: it has a deadline
  bool has_body_ = false;        ///< of the request, from begin_body() until it is cut off
  bool write_deadline_set_ = false;
  bool hijacked_ = false;
  // Also the body's reader's, which may be another goroutine.
  runtime::owned<std::int64_t> read_deadline_ = 0;  ///< what the stream was told; 0: none
  runtime::owned<bool> read_deadline_is_handlers_ = false;
  runtime::owned<bool> draining_ = false;
  runtime::owned<bool> spoiled_ = false;  ///< the body ended where no next request begins
  std::atomic<phase> phase_{phase::fresh};
  context values_;                  ///< nil until asked for; under a scope's lock
  std::string remote_;              ///< address of the peer, as text

  runtime::spinlock lock_;
  request_scope* published_ = nullptr;  ///< under lock_: the one that abort() has to cancel; a handle
};

}  // namespace warren::http
