// SPDX-License-Identifier: MIT
#include "server_connection.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <new>
#include <utility>

#include "../net/eof.hpp"
#include "../net/net_error.hpp"
#include "../runtime/clock.hpp"
#include "../runtime/go.hpp"
#include "../runtime/thread.hpp"
#include "close_quietly.hpp"
#include "request_keys.hpp"
#include "serve_mux.hpp"
#include "server_core.hpp"
#include "server_error.hpp"
#include "status.hpp"
#include "workbench.hpp"

namespace warren::http {

namespace {

/// How much of a body that its handler has left is read to keep the connection. Source: Go maxPostHandlerReadBytes.
constexpr std::size_t drain_limit = 256 * 1024;
/// For how long a client may send what nobody wants any more. Source: Go rstAvoidanceDelay.
constexpr std::int64_t linger_time = 500'000'000;
/// For how long a client may take for the rest of a body that its handler has left.
constexpr std::int64_t drain_time = 5'000'000'000;
/// How much later than promised an idle connection may be closed, so that its deadline need not be moved each time.
constexpr std::int64_t idle_slack = 1'000'000'000;
/// A head of more bytes has made the workbench larger than it should stay.
constexpr std::size_t much_head = 16 * 1024;
/// A deadline that has passed, whatever the clock reads.
constexpr std::int64_t long_ago = 1;

bool on_its_way_out() noexcept {
  const runtime::thread* t = runtime::current_thread();
  return t->current != nullptr && t->current->has(runtime::goroutine::exiting);
}

/// What an exception says, for the log.
std::string text_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return e.what();
  } catch (const warren::error& e) {
    return e.message();
  } catch (const std::string& text) {
    return text;
  } catch (const char* text) {
    return text;
  } catch (...) {
    return "an exception of a type of its own";
  }
}

bool is_abort(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const panic_error& e) {
    return errors::is(e.err(), abort_handler);
  } catch (const warren::error& e) {
    return errors::is(e, abort_handler);
  } catch (...) {
    return false;
  }
}

/// Whether an error of a stream means that its peer is not there any more.
bool is_loss(const warren::error& err) {
  const bool ended = errors::is(err, net::eof) || errors::is(err, net::unexpected_eof);
  const bool broken = errors::as<net::op_error>(err) != nullptr && !errors::is_timeout(err);
  return ended || broken;
}

/// What a client is told about its request; of the rest only that it was bad. Source: Go's statusError.
bool is_public(std::string_view why) {
  static constexpr std::array<std::string_view, 5> known = {"missing required Host header", "malformed Host header",
                                                            "invalid header name", "invalid header value",
                                                            "unsupported protocol version"};
  return std::find(known.begin(), known.end(), why) != known.end();
}

/// The answer to a request for the server itself, `OPTIONS *`.
void answer_for_server(response_writer& w, request&) { w.header().set("Content-Length", "0"); }

}  // namespace

// --- beginning

server_connection::server_connection(service& of, net::conn c)
    : runtime::io_listener{&server_connection::on_ready},
      service_(of),
      conn_(std::move(c)),
      stream_(conn_.behind()),
      opened_at_(runtime::now_ns()),
      remote_(to_string(conn_.remote_addr())) {
  service_.retain();
}

server_connection::~server_connection() { service_.release(); }

void server_connection::start(service& of, net::conn c) {
  auto* made = new server_connection(of, std::move(c));
  if (!of.core.add(*made)) {
    close_quietly(made->conn_);
    return made->release();
  }
  try {
    made->begin();
  } catch (...) {
    made->finish();
    throw;
  }
}

void server_connection::begin() {
  if (service_.conn_context != nullptr) values();
  tell(conn_state::fresh);
  if (service_.header_timeout != 0) set_read_deadline(opened_at_ + service_.header_timeout);
  if (can_listen() && listen(phase::fresh)) return;
  start_goroutine();
}

void server_connection::on_ready(runtime::io_listener* l, runtime::goroutine_list&) noexcept {
  static_cast<server_connection*>(l)->start_goroutine();
}

void server_connection::start_goroutine() {
  go([this] { serve(); });
}

// --- the life of the goroutine

void server_connection::serve() {
  try {
    serve_until_end();
  } catch (const std::bad_alloc&) {
    bench_ != nullptr ? end_request_and_connection() : finish();
  }
}

void server_connection::serve_until_end() {
  // What waited as fresh stays so until its first byte has come: see read_more_of_head().
  if (phase_.load(std::memory_order_relaxed) == phase::idle) phase_.store(phase::coming, std::memory_order_relaxed);
  for (;;) {
    take_bench();
    switch (serve_until_idle()) {
      case next_step::wait:
        put_bench_away();
        if (listen(phase::idle)) return;
        break;
      case next_step::leave:
        put_bench_away();
        return release();
      case next_step::linger: linger(); [[fallthrough]];
      default:
        put_bench_away();
        return finish();
    }
  }
}

void server_connection::take_bench() {
  bench_ = take_workbench();
  bench_->in.bind(stream_);
  bench_->parser.set_limits(service_.limits);
}

/// Returns: anything but `serve`.
server_connection::next_step server_connection::serve_until_idle() {
  for (;;) {
    const next_step next = serve_one();
    if (next != next_step::serve) return next;
    tell(conn_state::idle);
    if (!service_.core.keeps_alive()) return next_step::close;
    if (!bench_->in.empty()) continue;
    set_idle_deadline();
    if (can_listen()) return next_step::wait;
    if (!may_wait_in_read()) return next_step::close;
  }
}

/// Whether it can do without a goroutine: all that has come so far was read, and the poller tells when there is more.
bool server_connection::can_listen() const noexcept {
  runtime::descriptor* d = descriptor();
  if (d == nullptr || stream_->has_buffered()) return false;
  return d->is_drained() || bench_ == nullptr;
}

/// Returns: false: go on, something is there. True: it belongs to somebody else now, and may be gone.
bool server_connection::listen(phase as) {
  runtime::descriptor* d = descriptor();
  retain();
  phase_.store(as, std::memory_order_relaxed);
  bool waits = d->listen(runtime::io_side::read, *this);
  // After the fence in listen(): see the laws of server_core.
  if (waits && as == phase::idle && !service_.core.keeps_alive() && d->unlisten(runtime::io_side::read, *this)) {
    waits = false;
  }
  if (!waits && as == phase::idle) phase_.store(phase::serving, std::memory_order_relaxed);
  release();
  return waits;
}

/// For a stream without a descriptor: the next read_more_of_head() waits. Returns: false when the server ends.
bool server_connection::may_wait_in_read() {
  phase_.store(phase::idle_in_read, std::memory_order_relaxed);
  // StoreLoad; pairs with the exchanges of state_ and keep_alives_ in server_core.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (service_.core.keeps_alive()) return true;
  phase expected = phase::idle_in_read;
  // Acquire and release: pairs with take_in_read(). Whoever has taken it closes the stream; it is ended here.
  phase_.compare_exchange_strong(expected, phase::serving, std::memory_order_acq_rel);
  return false;
}

bool server_connection::take_idle(bool coming_too) noexcept {
  const phase now = phase_.load(std::memory_order_relaxed);
  if (now == phase::idle) return descriptor()->unlisten(runtime::io_side::read, *this);
  if (now == phase::idle_in_read || (coming_too && now == phase::coming)) return take_in_read(now);
  return false;
}

bool server_connection::take_fresh() noexcept {
  if (!is_fresh()) return false;
  runtime::descriptor* d = descriptor();
  if (d != nullptr && d->unlisten(runtime::io_side::read, *this)) return true;
  return take_in_read(phase::fresh);
}

/// From the goroutine that waits in read, which will end it when the stream is closed.
bool server_connection::take_in_read(phase as) noexcept {
  // Acquire and release: pairs with read_more_of_head() and may_wait_in_read().
  if (!phase_.compare_exchange_strong(as, phase::taken, std::memory_order_acq_rel)) return false;
  retain();
  return true;
}

void server_connection::end_taken() {
  if (phase_.load(std::memory_order_relaxed) != phase::taken) return finish();
  conn_.close();
  release();
}

void server_connection::abort() {
  request_scope* scope = nullptr;
  {
    runtime::spin_guard hold(lock_);
    scope = published_;
    if (scope != nullptr) scope->retain();
  }
  // First: what the handler does because of the cancel comes too late.
  conn_.close();
  if (scope == nullptr) return;
  scope->fail(server_closed);
  scope->release();
}

void server_connection::put_bench_away() noexcept {
  bench_->in.consume(bench_->in.size());
  if (bench_->in.capacity() > input::first_size) bench_->in.release();
  bench_->in.unbind();
  give_workbench(std::exchange(bench_, nullptr));
}

/// What the client still sends is read, for it would be answered by a reset, which may overtake the answer.
void server_connection::linger() {
  conn_.close_write();
  set_read_deadline(runtime::now_ns() + linger_time);
  input& in = bench_->in;
  std::size_t left = drain_limit;
  for (;;) {
    in.consume(in.size());
    const auto [n, err] = in.fill(input::first_size);
    if (err != nil || n == 0 || n > left) return;
    left -= n;
  }
}

/// Told before it is removed: after shutdown() nothing calls the user any more.
void server_connection::finish() {
  close_quietly(conn_);
  tell(conn_state::closed);
  service_.core.remove(*this);
  release();
}

// --- one request

server_connection::next_step server_connection::serve_one() {
  workbench& b = *bench_;
  switch (read_head()) {
    case head_status::incomplete: return next_step::close;
    case head_status::bad:
      tell(conn_state::active);
      return refuse(b.parser.error_status(), b.parser.error_text());
    case head_status::complete: break;
  }
  tell(conn_state::active);
  b.in.consume(b.parser.consumed());
  if (!prepare_request()) return refuse(status_bad_request, {});
  if (b.head.expects_unknown) return expectation_failed();
  run_handler();
  return end_request();
}

/// Returns: `incomplete` when the connection is of no use.
head_status server_connection::read_head() {
  workbench& b = *bench_;
  slow_head_ = false;
  head_began_ = 0;
  b.parser.reset();
  for (;;) {
    const head_status s = b.in.empty() ? head_status::incomplete : b.parser.feed(b.in.data(), b.head);
    if (s != head_status::incomplete) return s;
    if (!read_more_of_head()) return head_status::incomplete;
  }
}

bool server_connection::read_more_of_head() {
  const phase was = phase_.load(std::memory_order_relaxed);
  // On a new connection the time runs from its beginning, else from the first byte: until then another deadline stands.
  if (was == phase::serving && !slow_head_) {
    slow_head_ = true;
    set_read_deadline(service_.header_timeout == 0 ? 0 : runtime::now_ns() + service_.header_timeout);
  }
  const warren::error err = bench_->in.fill(service_.limits.max_bytes + 1).err();
  if (service_.read_timeout != 0 && head_began_ == 0) head_began_ = runtime::now_ns();
  if (was == phase::fresh) slow_head_ = true;
  if (was == phase::serving) return err == nil;
  phase expected = was;
  // Acquire and release: pairs with take_in_read().
  return phase_.compare_exchange_strong(expected, phase::serving, std::memory_order_acq_rel) && err == nil;
}

/// Answers a request that is none. Texts as Go's; afterwards no byte of the connection is looked at any more.
server_connection::next_step server_connection::refuse(int status, std::string_view why) {
  std::string title = std::to_string(status) + " " + std::string(status_text(status));
  std::string body = title;
  if (status == status_not_implemented) body = "Unsupported transfer encoding";
  else if (is_public(why)) body = title = title + ": " + std::string(why);
  const std::string text = "HTTP/1.1 " + title +
                           "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n" + body;
  return stream_->write(text).err() == nil ? next_step::linger : next_step::close;
}

/// Returns: false when the target is no URL.
bool server_connection::prepare_request() {
  workbench& b = *bench_;
  const asked by{.is_head = b.head.method == "HEAD",
                 .minor = b.head.minor,
                 .close = b.head.close,
                 .expects_continue = b.head.expects_continue && b.head.minor == 1 && b.head.has_body()};
  has_body_ = b.head.has_body();
  if (has_body_) begin_body();
  if (b.req.take(b.head) != nil) {
    clear_request();
    return false;
  }
  b.req.remote_addr.assign(remote_);
  b.req.close = by.close;
  if (has_body_) {
    b.body->retain();
    b.req.body = body(b.body);
  }
  b.answer.begin(*this, by);
  b.scope->begin(*this, !has_body_ || service_.cancel_on_unread_body);
  b.scope->retain();
  b.req.set_lazy_context(b.scope);
  set_deadlines_of_request();
  return true;
}

void server_connection::begin_body() {
  workbench& b = *bench_;
  using framing = message_body::framing;
  const chunk_decoder::limits rules{.max_trailer_bytes = service_.limits.max_bytes,
                                    .max_trailers = service_.limits.max_fields};
  b.body->start(b.in, b.head.chunked ? framing::chunked : framing::sized, b.head.content_length, this, rules,
                b.head.trailer);
}

void server_connection::set_deadlines_of_request() {
  if (service_.write_timeout != 0) {
    write_deadline_set_ = true;
    stream_->set_write_deadline(runtime::now_ns() + service_.write_timeout);
  }
  // Without a body nobody reads before the next request, which has a deadline of its own.
  if (service_.read_timeout != 0 && !body_at_end()) {
    if (head_began_ == 0) head_began_ = runtime::now_ns();
    set_read_deadline(head_began_ + service_.read_timeout);
  }
}

server_connection::next_step server_connection::expectation_failed() {
  end_scope();
  bench_->answer.header().set("Connection", "close");
  bench_->answer.write_header(status_expectation_failed);
  bench_->answer.finish();
  return end_request();
}

void server_connection::run_handler() {
  workbench& b = *bench_;
  try {
    if (b.req.request_uri == "*" && b.req.method == "OPTIONS") answer_for_server(b.answer, b.req);
    else if (service_.handler != nullptr) service_.handler(b.answer, b.req);
    else default_serve_mux()(b.answer, b.req);
    end_scope();
    b.answer.finish();
  } catch (...) {
    if (on_its_way_out()) {
      end_request_and_connection();
      throw;
    }
    contain_panic(std::current_exception());
  }
}

void server_connection::end_scope() {
  // What refers to it from now on are copies of the request, which live on.
  bench_->req.set_lazy_context(nullptr);
  bench_->scope->end();
}

/// At once, wherever the request stands: there is no memory, or the handler has called goexit(), which nobody may keep from
/// ending the goroutine.
void server_connection::end_request_and_connection() {
  end_scope();
  clear_request();
  put_bench_away();
  return hijacked_ ? release() : finish();
}

void server_connection::contain_panic(const std::exception_ptr& thrown) {
  workbench& b = *bench_;
  end_scope();
  if (!is_abort(thrown)) log("http: panic serving " + remote_ + ": " + text_of(thrown));
  b.answer.abandon();
}

server_connection::next_step server_connection::end_request() {
  workbench& b = *bench_;
  const bool keeps = b.answer.keeps_connection() && !spoiled_;
  const bool unread = !hijacked_ && !keeps && (spoiled_ || !body_at_end() || may_have_more());
  // Somebody else may still read from a body whose handler has returned.
  if (unread && !body_at_end()) set_read_deadline(long_ago);
  clear_request();
  if (hijacked_) return next_step::leave;
  if (keeps) return next_step::serve;
  return unread ? next_step::linger : next_step::close;
}

void server_connection::clear_request() {
  workbench& b = *bench_;
  if (has_body_) {
    has_body_ = false;
    b.body->cut_off();
  }
  b.req.reset();
  if (!b.body->is_unshared()) {
    auto* const fresh = new message_body;
    b.body->release();
    b.body = fresh;
  }
  if (!b.scope->renew()) {
    auto* const fresh = new request_scope;
    b.scope->release();
    b.scope = fresh;
  }
  if (write_deadline_set_ && service_.write_timeout == 0) stream_->set_write_deadline(0);
  write_deadline_set_ = false;
  read_deadline_is_handlers_ = false;
  draining_ = false;
  spoiled_ = false;
  if (b.parser.consumed() > much_head) {
    b.req.release_memory();
    b.head.release_memory();
    b.parser.release_memory();
  }
  b.answer.release_excess();
}

/// Bytes that nobody has read, as far as is known: a close would then be a reset.
bool server_connection::may_have_more() const noexcept {
  const runtime::descriptor* d = descriptor();
  return !bench_->in.empty() || (d != nullptr && !d->is_drained());
}

// --- what a scope asks for

const context& server_connection::values() {
  if (values_ != nil) return values_;
  context ctx = service_.base;
  if (service_.conn_context != nullptr) {
    ctx = service_.conn_context(std::move(ctx), conn_);
    if (ctx == nil) panic("ConnContext returned nil");
  }
  values_ = context::with_value(ctx, local_addr_key, conn_.local_addr());
  return values_;
}

runtime::peer_end server_connection::what_ends_a_request() const noexcept {
  return service_.half_close == on_half_close::cancel ? runtime::peer_end::half_closed : runtime::peer_end::dead;
}

bool server_connection::is_aborted() const noexcept { return service_.core.is_closed(); }

void server_connection::publish(request_scope& s) noexcept {
  runtime::spin_guard hold(lock_);
  s.retain();
  published_ = &s;
}

void server_connection::unpublish() noexcept {
  request_scope* was = nullptr;
  {
    runtime::spin_guard hold(lock_);
    was = std::exchange(published_, nullptr);
  }
  if (was != nullptr) was->release();
}

const warren::error& server_connection::why_lost() const noexcept { return is_aborted() ? server_closed : client_disconnected; }

// --- what the answer asks for

warren::error server_connection::write(std::string_view first, std::string_view second) {
  warren::error err = (second.empty() ? stream_->write(first) : stream_->write(first, second)).err();
  if (err != nil) bench_->scope->fail(is_loss(err) ? why_lost() : err);
  return err;
}

bool server_connection::body_at_end() const noexcept { return !has_body_ || bench_->body->at_end(); }

bool server_connection::keeps_alive() const noexcept { return service_.core.keeps_alive(); }

bool server_connection::drain_body() {
  draining_ = true;
  if (!read_deadline_is_handlers_) set_read_deadline(runtime::now_ns() + drain_time);
  return bench_->body->drain(drain_limit);
}

result<net::conn> server_connection::hijack() {
  workbench& b = *bench_;
  b.scope->stop_watching();
  if (has_body_) {
    has_body_ = false;
    b.body->cut_off();
  }
  set_read_deadline(0);
  stream_->set_write_deadline(0);
  write_deadline_set_ = false;
  std::string rest = b.in.take_rest();
  net::conn taken = rest.empty() ? conn_ : net::with_prefix(conn_, std::move(rest));
  tell(conn_state::hijacked);
  service_.core.remove(*this);
  hijacked_ = true;
  return {std::move(taken), nil};
}

warren::error server_connection::set_read_deadline_for_handler(std::int64_t when) {
  read_deadline_is_handlers_ = true;
  read_deadline_ = when;
  return stream_->set_read_deadline(when);
}

warren::error server_connection::set_write_deadline_for_handler(std::int64_t when) {
  write_deadline_set_ = true;
  return stream_->set_write_deadline(when);
}

// --- the body's hooks

warren::error server_connection::before_read() {
  if (warren::error err = bench_->answer.before_body_read(); err != nil) return err;
  // What still stands is the deadline of the wait for the request.
  if (!read_deadline_is_handlers_ && !draining_ && service_.read_timeout == 0) set_read_deadline(0);
  return nil;
}

void server_connection::at_end(body_end how, const warren::error& why, http::header& trailers) {
  if (how == body_end::whole) {
    if (!trailers.empty()) bench_->req.trailer = trailers;
    return bench_->scope->allow_watch();
  }
  spoiled_ = true;
  if (how == body_end::failed && is_loss(why)) bench_->scope->fail(why_lost());
}

// --- deadlines

void server_connection::set_read_deadline(std::int64_t when) {
  if (read_deadline_ == when) return;
  read_deadline_ = when;
  stream_->set_read_deadline(when);
}

/// Without touching the stream, if the deadline that stands is good enough: never early, and not much too late.
void server_connection::set_idle_deadline() {
  if (service_.idle_timeout == 0) return set_read_deadline(0);
  const std::int64_t slack = std::min(service_.idle_timeout / 16, idle_slack);
  const std::int64_t when = runtime::saturating_add(runtime::now_ns(), service_.idle_timeout);
  if (read_deadline_ >= when && read_deadline_ <= when + slack) return;
  set_read_deadline(runtime::saturating_add(when, slack));
}

void server_connection::tell(conn_state s) const {
  if (service_.on_conn_state != nullptr) service_.on_conn_state(conn_, s);
}

}  // namespace warren::http
