// SPDX-License-Identifier: MIT
// What waits for the kernel: reading, writing, deadlines, close, listeners, and the end of the peer.
#include <warren/channels/channel.hpp>
#include <warren/runtime/blocking.hpp>
#include <warren/runtime/clock.hpp>
#include <warren/runtime/counters.hpp>
#include <warren/runtime/descriptor.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/netpoll.hpp>
#include <warren/runtime/run.hpp>
#include <warren/runtime/scheduler.hpp>
#include <warren/sync/wait_group.hpp>
#include <warren/time/sleep.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include "../test.hpp"

namespace {

using namespace warren;
using namespace warren::tests;
using namespace std::chrono_literals;
using runtime::descriptor;
using runtime::io_result;
using runtime::io_side;
using runtime::io_status;
using runtime::peer_end;

constexpr std::int64_t ms = 1'000'000;
constexpr int would_block = -EAGAIN;

/// A descriptor and the plain socket at its other end.
class pair_of_sockets {
 public:
  pair_of_sockets() {
    int files[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, files), 0);
    int error = 0;
    here_ = descriptor::open(files[0], error);
    EXPECT_NE(here_, nullptr) << error;
    peer_ = files[1];
  }
  ~pair_of_sockets() {
    here_->release();
    hang_up();
  }
  pair_of_sockets(const pair_of_sockets&) = delete;
  pair_of_sockets& operator=(const pair_of_sockets&) = delete;

  descriptor* operator->() const { return here_; }
  descriptor& operator*() const { return *here_; }
  int peer() const { return peer_; }
  /// Unless nobody listens any more.
  void say(std::string_view text) const {
    while (::send(peer_, text.data(), text.size(), MSG_NOSIGNAL) < 0 && errno == EAGAIN) sleep(100us);
  }
  void half_close() const { ::shutdown(peer_, SHUT_WR); }
  void hang_up() {
    if (peer_ >= 0) ::close(peer_);
    peer_ = -1;
  }

 private:
  descriptor* here_;
  int peer_;
};

std::string read_some(const pair_of_sockets& p) {
  char text[256];
  const io_result r = p->read(text, sizeof text);
  EXPECT_EQ(r.status, io_status::done);
  return r.value > 0 ? std::string(text, static_cast<std::size_t>(r.value)) : std::string();
}

io_status read_status(const pair_of_sockets& p) {
  char text[16];
  return p->read(text, sizeof text).status;
}

/// Until a goroutine waits for an event, or has not done so for a while.
void wait_for_event_waits(std::int64_t n) {
  for (int i = 0; i < 2000 && runtime::netpoll::waits() < n; ++i) sleep(100us);
}

WARREN_TEST(descriptor, read_waits_for_what_comes) {
  pair_of_sockets p;
  auto got = make_chan<std::string>();
  go([&] {
    for (int i = 0; i < 3; ++i) got.send(read_some(p));
  });
  for (const char* text : {"one", "two", "three"}) {
    sleep(1ms);
    p.say(text);
    EXPECT_EQ(got.recv(), text);
  }
}

WARREN_TEST(descriptor, read_gives_what_is_there_at_once) {
  pair_of_sockets p;
  p.say("there");
  EXPECT_EQ(read_some(p), "there");
  p.half_close();
  EXPECT_EQ(read_some(p), "");
  EXPECT_EQ(read_some(p), "");
  char none[1];
  EXPECT_EQ(p->read(none, 0).value, 0);
}

WARREN_TEST(descriptor, a_short_read_hides_nothing) {
  // What comes between a read that took all and the next one, data or the end, is found by that one.
  for (int round = 0; round < scaled(2000); ++round) {
    pair_of_sockets p;
    p.say("a");
    EXPECT_EQ(read_some(p), "a");
    if (round % 3 == 0) sleep(10us);
    p.say("b");
    if (round % 2 == 0) p.half_close();
    EXPECT_EQ(read_some(p), "b");
    if (round % 2 != 0) p.hang_up();
    EXPECT_EQ(read_some(p), "");
  }
}

WARREN_TEST(descriptor, write_waits_until_all_is_written) {
  pair_of_sockets p;
  const std::string first(300'000, 'x');
  const std::string second(200'000, 'y');
  auto wrote = make_chan<io_result>();
  go([&] { wrote.send(p->write(first.data(), first.size(), second.data(), second.size())); });
  wait_for_event_waits(1);
  std::string got;
  std::vector<char> room(50'000);
  while (got.size() < first.size() + second.size()) {
    const ssize_t n = ::recv(p.peer(), room.data(), room.size(), 0);
    if (n > 0) {
      got.append(room.data(), static_cast<std::size_t>(n));
    } else {
      sleep(100us);
    }
  }
  const io_result r = wrote.recv();
  EXPECT_EQ(r.status, io_status::done);
  EXPECT_EQ(r.value, 500'000);
  EXPECT_EQ(got, first + second);
}

WARREN_TEST(descriptor, write_to_who_has_gone_fails) {
  pair_of_sockets p;
  p.hang_up();
  const io_result r = p->write("x", 1);
  EXPECT_EQ(r.status, io_status::done);
  EXPECT_EQ(r.error, EPIPE);
  EXPECT_EQ(r.value, 0);
}

WARREN_TEST(descriptor, deadline_ends_a_wait_and_leaves_the_socket_usable) {
  pair_of_sockets p;
  const std::int64_t begin = runtime::now_ns();
  p->set_deadline(io_side::read, begin + 5 * ms);
  EXPECT_EQ(read_status(p), io_status::timed_out);
  EXPECT_GE(runtime::now_ns() - begin, 5 * ms);
  p.say("x");
  EXPECT_EQ(read_status(p), io_status::timed_out);  // as long as it stands
  p->set_deadline(io_side::read, 0);
  EXPECT_EQ(read_some(p), "x");
  p->set_deadline(io_side::read, 1);  // long ago
  EXPECT_EQ(read_status(p), io_status::timed_out);
  p->set_deadline(io_side::read, runtime::now_ns() + 10'000 * ms);
  p.say("y");
  EXPECT_EQ(read_some(p), "y");
}

WARREN_TEST(descriptor, deadline_of_one_side_leaves_the_other_alone) {
  pair_of_sockets p;
  p->set_deadline(io_side::read, 1);
  EXPECT_EQ(p->write("x", 1).value, 1);
  p->set_deadline(io_side::write, 1);
  EXPECT_EQ(p->write("x", 1).status, io_status::timed_out);
}

WARREN_TEST(descriptor, deadline_set_by_another_goroutine_ends_a_wait) {
  pair_of_sockets p;
  auto ended = make_chan<io_status>();
  for (const std::int64_t when : {std::int64_t{1}, runtime::now_ns() + 3 * ms}) {
    p->set_deadline(io_side::read, 0);
    go([&] { ended.send(read_status(p)); });
    wait_for_event_waits(1);
    p->set_deadline(io_side::read, when);
    EXPECT_EQ(ended.recv(), io_status::timed_out);
  }
}

WARREN_TEST(descriptor, a_deadline_moved_on_does_not_end_a_wait) {
  pair_of_sockets p;
  p->set_deadline(io_side::read, runtime::now_ns() + 300 * ms);
  auto got = make_chan<std::string>();
  go([&] { got.send(read_some(p)); });
  wait_for_event_waits(1);
  p->set_deadline(io_side::read, runtime::now_ns() + 60'000 * ms);
  sleep(400ms);
  p.say("late");
  EXPECT_EQ(got.recv(), "late");
}

WARREN_TEST(descriptor, what_came_when_the_time_ran_out_is_not_lost) {
  for (int round = 0; round < scaled(3000); ++round) {
    pair_of_sockets p;
    p.say("a");
    EXPECT_EQ(read_some(p), "a");
    auto ended = make_chan<io_status>(1);
    go([&] {
      char text[16];
      const io_result r = p->read(text, sizeof text);
      ended.send(r.status);
    });
    sync::wait_group wg;
    wg.go([&] { p->set_deadline(io_side::read, 1); });
    p.say("b");
    wg.wait();
    if (ended.recv() == io_status::done) continue;
    p->set_deadline(io_side::read, runtime::now_ns() + 5'000 * ms);
    EXPECT_EQ(read_some(p), "b");
  }
}

WARREN_TEST(descriptor, close_ends_all_that_waits) {
  pair_of_sockets p;
  const std::string much(1'000'000, 'x');
  auto ended = make_chan<io_status>();
  for (int i = 0; i < 3; ++i) go([&] { ended.send(read_status(p)); });
  for (int i = 0; i < 3; ++i) go([&] { ended.send(p->write(much.data(), much.size()).status); });
  wait_for_event_waits(2);
  sleep(1ms);
  EXPECT_TRUE(p->close());
  for (int i = 0; i < 6; ++i) EXPECT_EQ(ended.recv(), io_status::closed);
  EXPECT_FALSE(p->close());
  EXPECT_EQ(read_status(p), io_status::closed);
  EXPECT_FALSE(p->set_deadline(io_side::read, 0));
}

/// The file is closed by the reader, when its turn to run comes; the peer hears of it now.
WARREN_TEST(descriptor, close_is_heard_by_the_peer_at_once) {
  pair_of_sockets p;
  auto ended = make_chan<io_status>(1);
  go([&] { ended.send(read_status(p)); });
  wait_for_event_waits(1);
  EXPECT_TRUE(p->close());
  char none[1];
  EXPECT_EQ(::recv(p.peer(), none, 1, MSG_DONTWAIT), 0);
  EXPECT_EQ(ended.recv(), io_status::closed);
}

WARREN_TEST(descriptor, readers_take_turns) {
  pair_of_sockets p;
  constexpr int readers = 8;
  const auto bytes = static_cast<int>(scaled(4000));
  sync::wait_group wg;
  std::atomic<int> got{0};
  for (int i = 0; i < readers; ++i) {
    wg.go([&] {
      char text[3];
      for (;;) {
        const io_result r = p->read(text, sizeof text);
        if (r.value <= 0) return;
        got += static_cast<int>(r.value);
      }
    });
  }
  for (int i = 0; i < bytes; ++i) {
    p.say("x");
    if (i % 16 == 0) gosched();
  }
  p.half_close();
  wg.wait();
  EXPECT_EQ(got, bytes);
}

/// Closing while others read and write, file numbers being used again at once: nobody touches a file that is not its own.
WARREN_TEST(descriptor, close_beside_all_else_touches_no_other_file) {
  for (int round = 0; round < scaled(3000); ++round) {
    pair_of_sockets p;
    sync::wait_group wg;
    wg.go([&] { read_status(p); });
    wg.go([&] { p->write("hello", 5); });
    wg.go([&] { p->set_deadline(io_side::read, runtime::now_ns() + (round % 3) * 1000); });
    wg.go([&] {
      p->close();
      const int canary = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
      EXPECT_EQ(::fcntl(canary, F_GETFL) & O_ACCMODE, O_RDONLY);
      ::close(canary);
    });
    p.say("x");
    wg.wait();
  }
}

// --- listeners

struct bell final : runtime::io_listener {
  bell() : io_listener{ring} {}
  static void ring(io_listener* l, runtime::goroutine_list&) noexcept {
    go([self = static_cast<bell*>(l)] { self->rung.send(1); });
  }
  chan<int> rung = make_chan<int>(8);
};

/// A listener is told when there is something to read, and then no more.
WARREN_TEST(descriptor, listener_is_told_once) {
  pair_of_sockets p;
  bell b;
  char text[16];
  EXPECT_EQ(p->try_read(text, sizeof text).value, would_block);
  ASSERT_TRUE(p->listen(io_side::read, b));
  p.say("x");
  b.rung.recv();
  EXPECT_EQ(p->try_read(text, sizeof text).value, 1);
  EXPECT_EQ(p->try_read(text, sizeof text).value, would_block);
  EXPECT_TRUE(p->is_drained());
  p.say("y");
  sleep(1ms);
  EXPECT_EQ(b.rung.len(), 0);
  EXPECT_FALSE(p->listen(io_side::read, b));  // it is there already
  EXPECT_EQ(p->try_read(text, sizeof text).value, 1);
  ASSERT_TRUE(p->listen(io_side::read, b));
  EXPECT_TRUE(p->unlisten(io_side::read, b));
  p.say("z");
  sleep(1ms);
  EXPECT_EQ(b.rung.len(), 0);
}

WARREN_TEST(descriptor, listener_is_told_of_deadline_and_close) {
  pair_of_sockets p;
  bell b;
  p->set_deadline(io_side::read, runtime::now_ns() + 2 * ms);
  ASSERT_TRUE(p->listen(io_side::read, b));
  b.rung.recv();
  EXPECT_EQ(read_status(p), io_status::timed_out);
  EXPECT_FALSE(p->listen(io_side::read, b));
  p->set_deadline(io_side::read, 0);
  ASSERT_TRUE(p->listen(io_side::read, b));
  p->close();
  b.rung.recv();
  EXPECT_FALSE(p->listen(io_side::read, b));
}

/// A server without goroutines for idle connections: whatever the order of data, listening and reading, none is missed.
WARREN_TEST(descriptor, listener_misses_nothing) {
  pair_of_sockets p;
  bell b;
  const auto messages = static_cast<int>(scaled(20'000));
  std::atomic<bool> over{false};
  std::thread writer([&] {
    for (int i = 0; i < messages; ++i) {
      while (::send(p.peer(), "m", 1, MSG_NOSIGNAL) != 1) std::this_thread::yield();
      if (i % 7 == 0) std::this_thread::yield();
    }
    over = true;
  });
  char text[64];
  int got = 0;
  while (got < messages) {
    const io_result r = p->try_read(text, sizeof text);
    if (r.value > 0) got += static_cast<int>(r.value);
    if (got < messages && p->is_drained() && p->listen(io_side::read, b)) b.rung.recv();
  }
  writer.join();
  EXPECT_EQ(got, messages);
  EXPECT_TRUE(over);
}

// --- the end of the peer

struct watcher final : runtime::peer_watcher {
  watcher() : peer_watcher{tell} {}
  static void tell(peer_watcher* w) noexcept {
    auto* self = static_cast<watcher*>(w);
    self->told.fetch_add(1, std::memory_order_relaxed);
    go([c = self->heard] { c.send(1); });
  }
  std::atomic<int> told{0};
  chan<int> heard = make_chan<int>(8);
};

WARREN_TEST(descriptor, watcher_hears_of_a_half_close) {
  pair_of_sockets p;
  watcher w;
  p->watch(w, peer_end::half_closed);
  p.say("pipelined");  // lies there unread
  sleep(1ms);
  EXPECT_EQ(w.told, 0);
  p.half_close();
  w.heard.recv();
  EXPECT_TRUE(p->peer_ended(peer_end::half_closed));
  EXPECT_FALSE(p->peer_ended(peer_end::dead));
  p->unwatch(w);
  EXPECT_EQ(w.told, 1);
  EXPECT_EQ(read_some(p), "pipelined");
}

WARREN_TEST(descriptor, watcher_of_death_does_not_hear_of_a_half_close) {
  pair_of_sockets p;
  watcher w;
  p->watch(w, peer_end::dead);
  p.half_close();
  sleep(2ms);
  EXPECT_EQ(w.told, 0);
  p.hang_up();
  w.heard.recv();
  p->unwatch(w);
  EXPECT_EQ(w.told, 1);
}

WARREN_TEST(descriptor, watcher_that_comes_late_hears_at_once) {
  pair_of_sockets p;
  p.half_close();
  EXPECT_EQ(read_some(p), "");  // so that the poller knows
  while (!p->peer_ended(peer_end::half_closed)) sleep(100us);
  watcher w;
  p->watch(w, peer_end::half_closed);
  EXPECT_EQ(w.told, 1);
  w.heard.recv();
  p->unwatch(w);
}

/// Whatever the order: after unwatch() the watcher is not told, and was told at most once.
WARREN_TEST(descriptor, unwatch_beside_the_end) {
  for (int round = 0; round < scaled(2000); ++round) {
    pair_of_sockets p;
    auto w = std::make_unique<watcher>();
    p->watch(*w, peer_end::half_closed);
    std::thread peer([&] { p.half_close(); });
    for (int i = 0; i < round % 50; ++i) gosched();
    p->unwatch(*w);
    EXPECT_LE(w->told, 1);
    w.reset();  // nobody may touch it any more
    peer.join();
  }
}

// --- who asks the poller

WARREN_TEST(descriptor, is_served_while_all_workers_compute) {
  pair_of_sockets p;
  auto got = make_chan<std::string>(1);
  go([&] { got.send(read_some(p)); });
  wait_for_event_waits(1);
  std::atomic<bool> stop{false};
  sync::wait_group wg;
  for (int i = 0; i < gomaxprocs(); ++i) {
    wg.go([&] {
      while (!stop) {
      }
    });
  }
  p.say("x");
  EXPECT_EQ(got.recv(), "x");
  stop = true;
  wg.wait();
}

/// On one thread, which computes when it does not call the library: whoever else might ask the poller comes too late.
void on_one_worker(void (*body)()) { run(run_options{.max_procs = 1}, body); }

WARREN_TEST(descriptor, that_is_waited_for_lets_no_worker_sleep_on) {
  // One worker sleeps in the poller, is called because there is work for two, and the other has done it all before it
  // comes. Then both must still come when they are called.
  pair_of_sockets p;
  auto got = make_chan<std::string>();
  go([&] { got.send(read_some(p)); });
  auto call = make_chan<void>();
  auto answer = make_chan<void>();
  auto over = make_chan<void>();
  constexpr int helpers = 3;
  auto work = make_chan<int>();
  auto done = make_chan<int>();
  for (int i = 0; i < helpers; ++i) {
    go([=] {
      for (int v : work) done.send(v);
    });
  }
  go([=] {
    while (call.recv()) {
      for (int i = 0; i < helpers; ++i) work.send(i);
      for (int i = 0; i < helpers; ++i) done.recv();
      answer.send();
    }
    work.close();
    over.close();
  });
  std::atomic<bool> somebody_came{true};
  std::thread caller([=, &somebody_came] {
    for (std::int64_t n = 0; somebody_came && n < scaled(3'000); ++n) {
      const std::int64_t begin = runtime::now_ns();
      call.send();
      while (somebody_came && answer.try_recv() != recv_status::value) {
        somebody_came = runtime::now_ns() - begin < 5'000 * ms;
      }
      EXPECT_TRUE(somebody_came);
    }
    call.close();
  });
  over.recv();
  caller.join();
  p.say("x");
  EXPECT_EQ(got.recv(), "x");
}

TEST(descriptor, an_event_of_a_closed_file_is_nobodys) {
  on_one_worker([] {
    runtime::netpoll::batch late;
    const descriptor* record = nullptr;
    for (int tries = 0; late.size == 0 && tries < 100; ++tries) {
      pair_of_sockets closed;
      record = &*closed;
      closed.hang_up();
      runtime::netpoll::look(late);
    }
    ASSERT_GT(late.size, 0);
    // In the same record.
    pair_of_sockets next;
    ASSERT_EQ(&*next, record);
    runtime::goroutine_list woken;
    runtime::netpoll::dispatch(late, woken);
    EXPECT_FALSE(next->peer_ended(peer_end::half_closed));
    EXPECT_FALSE(next->peer_ended(peer_end::dead));
  });
}

TEST(descriptor, an_error_is_that_of_its_own_call) {
  on_one_worker([] {
    std::atomic<bool> over{false};
    sync::wait_group others;
    others.go([&] {
      while (!over) {
        ::close(-1);
        gosched();
      }
    });
    for (int round = 0; round < 5; ++round) {
      pair_of_sockets p;
      EXPECT_EQ(p->write("x", 1).value, 1);
      p.hang_up();  // with something that was not read
      // Its slice is over, so that it gives way when the call has failed.
      const std::int64_t end = runtime::now_ns() + 50 * ms;
      while (runtime::now_ns() < end) {
      }
      char room[16];
      EXPECT_EQ(p->read(room, sizeof room).error, ECONNRESET);
    }
    over = true;
    others.wait();
  });
}

TEST(descriptor, serves_threads_that_are_no_workers) {
  EXPECT_EQ(run([] {
              pair_of_sockets p;
              std::thread reader([&] { EXPECT_EQ(read_some(p), "x"); });
              wait_for_event_waits(1);
              p.say("x");
              blocking([&] { reader.join(); });
            }),
            0);
}

TEST(descriptor, open_refuses_what_cannot_be_polled) {
  const int file = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  int error = 0;
  EXPECT_EQ(descriptor::open(file, error), nullptr);
  EXPECT_EQ(error, -EPERM);
  ::close(file);
}

}  // namespace
