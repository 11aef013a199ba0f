// SPDX-License-Identifier: MIT
#pragma once

// A TLS session over a conn, as a stream: the engine's records travel through the conn below.
//
//      read()   takes `reading_`:  engine ◄── records ── conn below        (waits there, with no lock but its turn)
//      write()  takes `writing_`:  engine ─── records ──► conn below       (likewise)
//
// Laws
//   * `lock_` is held around each call of the engine, and over nothing that waits: a thread's lock is enough, and close()
//     may take it.
//   * `reading_` is the turn of who fetches records, `writing_` of who sends them; they are held while waiting.
//     The handshake is a reader's business, a writer that comes first takes the reader's turn for it. Order: reading_,
//     writing_, lock_.
//   * Records leave in the order in which the engine made them: they are taken from it by who has `writing_`. A reader may
//     cause some (the answer to a change of keys); it sends them if the turn is free, and else leaves them to who
//     has it, who looks again when the turn is given back.
//   * Once a record could not be sent, or only in part, nothing can be sent any more (`unsendable_`, in writing_'s turn).
//     A read that ran into its deadline loses nothing.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "../net/conn.hpp"
#include "../net/stream.hpp"
#include "../runtime/thread_lock.hpp"
#include "../sync/mutex.hpp"
#include "tls_engine.hpp"

namespace warren::http {

class tls_session final : public net::stream {
 public:
  tls_session(net::conn under, tls_engine::side side, const tls_config& config);

  result<std::size_t> read(std::span<char> to) override;
  result<std::size_t> write(std::string_view text) override;
  result<std::size_t> write(std::string_view first, std::string_view second) override;
  /// The peer is told, if that is possible without waiting. Over a conn without a socket a goroutine tells it.
  warren::error close() override;
  warren::error close_read() override;
  /// Tells the peer; the conn below stays open both ways. Parks: as write().
  warren::error close_write() override;
  warren::error set_read_deadline(std::int64_t when) override { return under_.behind()->set_read_deadline(when); }
  warren::error set_write_deadline(std::int64_t when) override { return under_.behind()->set_write_deadline(when); }
  net::addr local_addr() const override { return under_.local_addr(); }
  net::addr remote_addr() const override { return under_.remote_addr(); }
  runtime::descriptor* descriptor() noexcept override { return under_.behind()->descriptor(); }
  // Relaxed: who asks has read before, and nothing is handed over by it.
  bool has_buffered() const noexcept override { return has_buffered_.load(std::memory_order_relaxed); }

  /// At once if it is done. Parks: yes.
  warren::error handshake();

  std::optional<tls_state> state();

 private:
  class writers_turn;

  ~tls_session() override;

  warren::error handshake_in_turn();
  result<std::size_t> read_in_turn(std::span<char> to);
  warren::error fetch();
  warren::error write_in_turn(std::string_view text);
  warren::error send_output();
  void send_output_if_free();
  void answer_plain_http(const warren::error& why);
  warren::error why_closed(warren::error err) const;
  warren::error close_after(std::string last);

  const net::conn under_;
  const tls_engine::side side_;
  runtime::thread_lock lock_;
  tls_engine engine_;
  sync::mutex reading_;
  sync::mutex writing_;
  warren::error unsendable_;
  std::atomic<bool> handshaken_{false};
  std::atomic<bool> closed_{false};
  std::atomic<bool> read_closed_{false};
  std::atomic<bool> write_closed_{false};
  std::atomic<bool> has_buffered_{false};
  std::atomic<bool> has_output_{false};
};

}  // namespace warren::http
