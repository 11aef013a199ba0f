// SPDX-License-Identifier: MIT
#include "pipe_listener.hpp"

#include <atomic>
#include <chrono>

#include <warren/channels/channel.hpp>
#include <warren/channels/select.hpp>
#include <warren/net/net_error.hpp>
#include <warren/net/pipe.hpp>
#include <warren/time/timer.hpp>

namespace warren::tests {

namespace {

constexpr std::chrono::milliseconds patience{30};

}  // namespace

class pipe_listener::pipes final : public net::acceptor {
 public:
  result<net::conn> accept() override {
    net::conn c;
    const int taken = select(recv(ends_, c), recv(closed_));
    return {c, taken == 0 ? error() : error(net::closed)};
  }
  error close() override {
    if (is_closed_.exchange(true)) return net::closed;
    closed_.close();
    return nil;
  }
  net::addr address() const override { return net::addr::of_pipe(); }
  error set_deadline(std::int64_t) override { return nil; }

  net::conn connect() {
    auto [ours, theirs] = net::pipe();
    // A server that is full accepts nobody.
    return select(send(ends_, theirs), recv(closed_), recv(time_after(patience))) == 0 ? ours : net::conn();
  }

 private:
  chan<net::conn> ends_ = make_chan<net::conn>();
  chan<void> closed_ = make_chan<void>();
  std::atomic<bool> is_closed_{false};
};

pipe_listener::pipe_listener() : pipes_(new pipes), listener_(pipes_) {}

net::conn pipe_listener::connect() const { return pipes_->connect(); }

}  // namespace warren::tests
