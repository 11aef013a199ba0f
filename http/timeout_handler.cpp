// SPDX-License-Identifier: MIT
#include "timeout_handler.hpp"

// Laws
//   * Two goroutines share a timed_answer: the one that serves, and the one that runs the handler. Either may be the
//     last that has it.
//   * `mutex_` guards `status_`, `text_` and `err_`. `fields_` belongs to the handler until it has returned, and is
//     never read if it has not when the time is over.
//   * Once `err_` is set nothing is taken any more.

#include <cstddef>
#include <exception>
#include <memory>
#include <string_view>
#include <utility>

#include "../channels/channel.hpp"
#include "../channels/select.hpp"
#include "../context/context.hpp"
#include "../runtime/go.hpp"
#include "../runtime/thread.hpp"
#include "../sync/mutex.hpp"
#include "request.hpp"
#include "response_writer.hpp"
#include "status.hpp"
#include "status_check.hpp"

namespace warren::http {
namespace {

constexpr std::string_view default_text =
    "<html><head><title>Timeout</title></head><body><h1>Timeout</h1></body></html>";

/// What the handler writes, kept until it is known who answers.
class timed_answer final : public response_writer {
 public:
  http::header& header() override { return fields_; }

  void write_header(int status) override {
    check_status(status);
    const std::lock_guard lock(mutex_);
    if (status_ == 0 && !is_informational(status)) status_ = status;
  }

  result<std::size_t> write(std::string_view piece) override {
    const std::lock_guard lock(mutex_);
    if (err_ != nil) return {0, err_};
    if (status_ == 0) status_ = status_ok;
    text_ += piece;
    return {piece.size(), nil};
  }

  warren::error flush() override { return not_supported; }
  result<net::conn> hijack() override { return {net::conn(), not_supported}; }
  warren::error set_read_deadline(clock::time_point) override { return not_supported; }
  warren::error set_write_deadline(clock::time_point) override { return not_supported; }

  /// Answers with what the handler, which has returned, has written.
  void send(response_writer& w) {
    for (const auto& [name, value] : fields_) w.header().del(name);
    for (const auto& [name, value] : fields_) w.header().add(name, value);
    w.write_header(status_ == 0 ? status_ok : status_);
    if (!text_.empty()) w.write(text_);
  }

  /// Takes nothing more from the handler.
  void end(warren::error err) {
    const std::lock_guard lock(mutex_);
    err_ = std::move(err);
  }

 private:
  sync::mutex mutex_;
  http::header fields_;
  int status_ = 0;  ///< 0: the handler has not said
  std::string text_;
  warren::error err_;
};

/// Calls the handler. Returns: what it has thrown.
std::exception_ptr outcome(const handler_func& h, response_writer& w, request& r) {
  try {
    h(w, r);
  } catch (...) {
    // goexit() unwinds by an exception as well, which belongs to this goroutine alone.
    if (runtime::current_goroutine()->has(runtime::goroutine::exiting)) throw;
    return std::current_exception();
  }
  return nullptr;
}

class timed_handler {
 public:
  timed_handler(handler_func h, clock::duration after, std::string text)
      : handler_(std::make_shared<const handler_func>(std::move(h))),
        after_(after),
        text_(text.empty() ? std::string(default_text) : std::move(text)) {}

  void operator()(response_writer& w, request& r) const {
    auto [ctx, cancel] = context::with_timeout(r.ctx(), after_);
    const auto answer = std::make_shared<timed_answer>();
    auto ended = make_chan<std::exception_ptr>(1);
    go([h = handler_, answer, inner = r.with_context(ctx), ended]() mutable {
      ended.send(outcome(*h, *answer, inner));
    });
    std::exception_ptr thrown;
    const bool in_time = select(recv(ended, thrown), recv(ctx.done())) == 0;
    const warren::error why = ctx.err();
    cancel();
    if (!in_time) return give_up(w, *answer, why);
    if (thrown != nullptr) std::rethrow_exception(thrown);
    answer->send(w);
  }

 private:
  void give_up(response_writer& w, timed_answer& answer, const warren::error& why) const {
    w.write_header(status_service_unavailable);
    if (why == context::deadline_exceeded) {
      w.write(text_);
      answer.end(handler_timeout);
    } else {
      answer.end(why);
    }
  }

  std::shared_ptr<const handler_func> handler_;
  clock::duration after_;
  std::string text_;
};

}  // namespace

handler_func timeout_handler(handler_func h, clock::duration after, std::string text) {
  return timed_handler(std::move(h), after, std::move(text));
}

}  // namespace warren::http
