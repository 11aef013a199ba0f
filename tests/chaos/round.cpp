// SPDX-License-Identifier: MIT
#include "round.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <string>

#include <warren/warren.hpp>

#include "clients.hpp"
#include "test.hpp"

namespace warren::tests {

using namespace std::chrono_literals;

namespace {

/// Ends the process with a dump of all goroutines unless it is gone in time.
class deadline_for_all {
 public:
  explicit deadline_for_all(clock::duration d) {
    go({.name = "chaos deadline"}, [gone = gone_, d] {
      if (select(recv(gone), recv(time_after(d))) == 0) return;
      std::fputs("a round does not end\n", stderr);
      ::raise(SIGQUIT);
    });
  }
  deadline_for_all(const deadline_for_all&) = delete;
  deadline_for_all& operator=(const deadline_for_all&) = delete;
  ~deadline_for_all() { gone_.close(); }

 private:
  chan<void> gone_ = make_chan<void>();
};

/// Sends back what comes, over TCP or a Unix socket.
class echo_server {
 public:
  explicit echo_server(bool over_unix) {
    static std::atomic<int> number{0};
    const std::string name = "@warren-chaos-" + std::to_string(::getpid()) + "-" + std::to_string(number++);
    listener_ = over_unix ? net::listen("unix", name).first : net::listen("tcp", "127.0.0.1:0").first;
    address_ = over_unix ? name : to_string(listener_.addr());
    all_.go([this] { accept(); });
  }
  echo_server(const echo_server&) = delete;
  echo_server& operator=(const echo_server&) = delete;
  ~echo_server() { end(); }

  const std::string& address() const { return address_; }
  void end() {
    listener_.close();
    all_.wait();
  }

 private:
  void accept() {
    for (;;) {
      auto [c, err] = listener_.accept();
      if (err != nil && !net::is_temporary(err)) return;
      if (err == nil) all_.go([c = c] { serve(c); });
    }
  }

  static void serve(const net::conn& c) {
    std::array<char, 4096> room;
    for (;;) {
      const auto [n, err] = c.read(room);
      if (err != nil || c.write(std::string_view(room.data(), n)).err() != nil) return;
    }
  }

  net::listener listener_;
  std::string address_;
  sync::wait_group all_;
};

class round {
 public:
  round(dice d, int clients, std::chrono::milliseconds length)
      : d_(std::move(d)), size_(clients), length_(length), echo_(d_.one_in(3)) {}

  tally play() {
    begin();
    for (int i = 0; i < size_; ++i) start_client(i);
    sleep(length_);
    end();
    settle_accounts();
    return {field_.acts, field_.answers, static_cast<std::int64_t>(field_.see.contexts())};
  }

 private:
  void begin() {
    auto [l, err] = net::listen("tcp", "127.0.0.1:0");
    ASSERT_EQ(err, nil);
    field_.http = to_string(l.addr());
    field_.echo = echo_.address();
    field_.wild.transport = http::transport({.max_idle_conns_per_host = 5, .max_conns_per_host = d_.one_in(3) ? 10u : 0u});
    field_.calm.transport = http::transport({.max_idle_conns_per_host = 10});
    choose_options();
    // An impatient server may be full of requests whose clients it does not know to be gone.
    field_.calm.timeout = field_.is_patient ? 30s : 200ms;
    server_.handler = handlers_of_all_kinds(field_.see);
    serving_.go([this, l = l] { EXPECT_EQ(server_.serve(l), http::server_closed); });
    serving_.go([this] { EXPECT_EQ(server_.serve(field_.pipes.listener()), http::server_closed); });
  }

  void choose_options() {
    server_.error_log = [](std::string_view) {};
    field_.is_patient = !d_.one_in(3);
    server_.cancel_on_unread_body = d_.one_in(2);
    if (d_.one_in(4)) server_.half_close = http::on_half_close::ignore;
    if (d_.one_in(4)) server_.conn_context = [](context c, const net::conn&) { return context::with_value(c, "chaos", 1); };
    if (field_.is_patient) return;
    server_.read_header_timeout = 1ms + d_.up_to(20ms);
    server_.idle_timeout = 1ms + d_.up_to(20ms);
    if (d_.one_in(2)) server_.read_timeout = 1ms + d_.up_to(30ms);
    if (d_.one_in(2)) server_.write_timeout = 1ms + d_.up_to(30ms);
    if (d_.one_in(3)) server_.max_conns = 20;
  }

  void start_client(int number) {
    clients_.go([this, number, d = dice(d_.seed())]() mutable {
      while (!field_.over) {
        if (number % 10 == 0) act_calm(field_, d);
        else if (number % 10 < 3) act_echo(field_, d);
        else if (number % 10 < 6) act_wild(field_, d);
        else act_raw(field_, d);
        field_.acts.fetch_add(1, std::memory_order_relaxed);
        if (d.one_in(3)) sleep(d.up_to(3ms));
      }
    });
  }

  /// Closes the server, gently at first or not, while the clients go on for a while or after they have gone.
  void end() {
    const bool among_clients = !d_.one_in(3);
    if (!among_clients) send_clients_away();
    field_.ending = true;
    if (d_.one_in(2)) end_gently();
    server_.close();
    if (among_clients) sleep(d_.up_to(5ms));
    send_clients_away();
    EXPECT_EQ(server_.shutdown(context::background()), nil);
    serving_.wait();
    echo_.end();
    field_.see.strays.wait();
    field_.wild.close_idle();
    field_.calm.close_idle();
  }

  void end_gently() {
    auto [ctx, cancel] = context::with_timeout(context::background(), d_.up_to(40ms));
    const error err = server_.shutdown(ctx);
    cancel();
    EXPECT_TRUE(err == nil || err == context::deadline_exceeded) << err;
  }

  void send_clients_away() {
    field_.over = true;
    clients_.wait();
  }

  void settle_accounts() {
    const auto patience_ends = clock::now() + 10s;
    while (field_.see.contexts_not_done() != 0 && clock::now() < patience_ends) sleep(1ms);
    EXPECT_EQ(field_.see.contexts_not_done(), 0u) << "of " << field_.see.contexts() << " contexts";
    EXPECT_EQ(field_.see.objection(), "");
  }

  dice d_;
  const int size_;
  const std::chrono::milliseconds length_;
  deadline_for_all deadline_{scale() == 1 ? 120s : 240s};
  battlefield field_;
  http::server server_;
  echo_server echo_;
  sync::wait_group serving_;
  sync::wait_group clients_;
};

}  // namespace

tally play_round(dice d, int clients, std::chrono::milliseconds length) {
  return round(std::move(d), clients, length).play();
}

}  // namespace warren::tests
