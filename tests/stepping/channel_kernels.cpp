// SPDX-License-Identifier: MIT

// Channels and select, by threads that are no workers: every one of them may be anywhere in the protocol.

#include <vector>

#include <warren/channels/channel.hpp>
#include <warren/channels/channel_error.hpp>
#include <warren/channels/select.hpp>

#include "kernels.hpp"

namespace stepping {

namespace {

using warren::chan;
using warren::make_chan;
using warren::otherwise;
using warren::select;

/// One value from one to the other: nobody else wakes who is forgotten.
void hand_over(world& w, std::ptrdiff_t capacity) {
  auto c = make_chan<int>(capacity);
  w.thread([c] { c.send(7); });
  w.thread([c] { check(c.recv() == 7, "another value came out than went in"); });
  w.run();
  check(c.len() == 0, "a value is left that was received");
}

void unbuffered(world& w) { hand_over(w, 0); }
void buffered_one(world& w) { hand_over(w, 1); }

/// Two send two each through a ring of one: all come out, each sender's in order.
void ring(world& w) {
  auto c = make_chan<int>(1);
  std::vector<int> got;
  for (int sender = 0; sender < 2; ++sender) {
    w.thread([c, sender] {
      c.send(sender * 10);
      c.send(sender * 10 + 1);
    });
  }
  for (int receiver = 0; receiver < 2; ++receiver) {
    w.thread([c, &got] {
      const int first = c.recv();
      const int second = c.recv();
      check(first / 10 != second / 10 || first < second, "values of one sender overtook each other");
      got.push_back(first);
      got.push_back(second);
    });
  }
  w.run();
  int sum = 0;
  for (const int v : got) sum += v;
  check(got.size() == 4 && sum == 22, "a value was lost, or came twice");
}

/// What was sent first is received first, also past a full ring in front of which a sender waits.
void order(world& w) {
  auto c = make_chan<int>(1);
  w.thread([c] {
    for (int i = 1; i <= 4; ++i) c.send(i);
    c.close();
  });
  w.thread([c] {
    int last = 0;
    while (auto v = c.recv_opt()) check(*v == ++last, "values out of order");
    check(last == 4, "a value was lost at the end");
    check(!c.recv_ok().second, "a value after the end");
  });
  w.run();
}

/// What was sent before the close comes before the end, however closely the one follows the other.
void the_end_is_last(world& w) {
  auto c = make_chan<int>(1);
  w.thread([c] {
    c.send(1);
    c.close();
  });
  w.thread([c] {
    const auto [value, ok] = c.recv_ok();
    check(ok && value == 1, "the end came before the value");
  });
  w.run();
}

/// The same for one that only tries.
void the_end_is_last_for_a_try(world& w) {
  auto c = make_chan<int>(1);
  w.thread([c] {
    c.send(1);
    c.close();
  });
  w.thread([c] {
    int value = 0;
    check(c.try_recv(value) != warren::recv_status::closed, "the end came before the value");
  });
  w.run();
}

/// All that wait hear of the end.
void close_wakes_all(world& w) {
  auto c = make_chan<int>();
  int heard = 0;
  for (int i = 0; i < 2; ++i) {
    w.thread([c, &heard] {
      check(!c.recv_ok().second, "a value that nobody sent");
      ++heard;
    });
  }
  w.thread([c] { c.close(); });
  w.run();
  check(heard == 2, "somebody did not hear of the end");
}

/// Of a close and a send beside it: either the value arrives, or the sender hears of the end.
void close_against_send(world& w) {
  auto c = make_chan<int>();
  bool sent = false;
  bool came = false;
  w.thread([c, &sent] {
    try {
      c.send(1);
      sent = true;
    } catch (const warren::channel_error&) {
    }
  });
  w.thread([c] { c.close(); });
  w.thread([c, &came] { came = c.recv_ok().second; });
  w.run();
  check(sent == came, "sent and not received, or received and not sent");
}

void close_twice(world& w) {
  auto c = make_chan<int>();
  int closed = 0;
  int refused = 0;
  for (int i = 0; i < 2; ++i) {
    w.thread([c, &closed, &refused] {
      try {
        c.close();
        ++closed;
      } catch (const warren::channel_error&) {
        ++refused;
      }
    });
  }
  w.run();
  check(closed == 1 && refused == 1, "closed twice, or not at all");
}

/// Two senders, each to one channel of a select: exactly one is served by it, and the other by the second.
void select_of_two(world& w) {
  auto a = make_chan<int>();
  auto b = make_chan<int>();
  w.thread([a] { a.send(1); });
  w.thread([b] { b.send(2); });
  w.thread([a, b] {
    int sum = 0;
    for (int i = 0; i < 2; ++i) {
      select(recv(a, [&](int v) { sum += v; }), recv(b, [&](int v) { sum += v; }));
    }
    check(sum == 3, "a value was taken twice, or never");
  });
  w.run();
}

/// A select that sends to either of two, and one that receives from either, in the other order.
void select_meets_select(world& w) {
  auto a = make_chan<int>();
  auto b = make_chan<int>();
  int sent = 0;
  int got = 0;
  w.thread([a, b, &sent] {
    select(send(a, 1, [&] { sent = 1; }), send(b, 2, [&] { sent = 2; }));
  });
  w.thread([a, b, &got] { select(recv(b, [&](int v) { got = v; }), recv(a, [&](int v) { got = v; })); });
  w.run();
  check(sent == got && sent != 0, "the two selects chose differently");
}

/// One select waits at two channels, and both are closed: it hears of one end, and hears it once.
void select_is_won_once(world& w) {
  auto a = make_chan<int>();
  auto b = make_chan<int>();
  int heard = 0;
  w.thread([a] { a.close(); });
  w.thread([b] { b.close(); });
  w.thread([a, b, &heard] {
    const auto count = [&](int, bool ok) {
      check(!ok, "a value that nobody sent");
      ++heard;
    };
    select(recv(a, count), recv(b, count));
  });
  w.run();
  check(heard == 1, "a select that took two cases, or none");
}

/// The one case of a select is lost to somebody else at the last moment, when the other has just become ready.
void a_lost_case_leaves_the_others(world& w) {
  auto a = make_chan<int>();
  auto b = make_chan<int>(1);
  auto c = make_chan<int>(1);
  w.thread([a, b] { select(recv(a, [](int) {}), recv(b, [](int) {})); });
  w.thread([b] { b.send(1); });
  w.thread([c] { c.send(1); });
  w.thread([a, c] { select(send(a, 1), recv(c, [](int) {})); });
  w.run();
}

/// Two that each fill a channel and then look at the other's, without waiting: not both find nothing.
void tries_see_each_other(world& w) {
  auto a = make_chan<int>(1);
  auto b = make_chan<int>(1);
  int found = 0;
  w.thread([a, b, &found] {
    a.send(1);
    int v = 0;
    if (b.try_recv(v) == warren::recv_status::value) ++found;
  });
  w.thread([a, b, &found] {
    b.send(1);
    int v = 0;
    if (a.try_recv(v) == warren::recv_status::value) ++found;
  });
  w.run();
  check(found >= 1, "both tries came before both sends");
}

/// A select with otherwise beside a value that is there all the time.
void otherwise_only_if_nothing(world& w) {
  auto c = make_chan<int>(1);
  c.send(1);
  w.thread([c] {
    bool missed = false;
    select(recv(c, [](int) {}), otherwise([&] { missed = true; }));
    check(!missed, "otherwise, though a value was there");
  });
  w.thread([c] { (void)c.len(); });
  w.run();
}

/// The last handle of a channel goes while the other side still wakes up.
void last_handle(world& w) {
  auto c = make_chan<int>();
  auto d = c;
  w.thread([c = std::move(c)]() mutable {
    c.send(1);
    c = nullptr;
  });
  w.thread([d = std::move(d)]() mutable {
    check(d.recv() == 1, "another value");
    d = nullptr;
  });
  w.run();
}

constexpr kernel kernels[] = {
    {.name = "unbuffered", .body = unbuffered, .small = true},
    {.name = "buffered_one", .body = buffered_one, .small = true},
    {.name = "ring", .body = ring},
    {.name = "order", .body = order},
    {.name = "the_end_is_last", .body = the_end_is_last, .small = true},
    {.name = "the_end_is_last_for_a_try", .body = the_end_is_last_for_a_try, .small = true},
    {.name = "close_wakes_all", .body = close_wakes_all},
    {.name = "close_against_send", .body = close_against_send},
    {.name = "close_twice", .body = close_twice, .small = true},
    {.name = "select_of_two", .body = select_of_two},
    {.name = "select_meets_select", .body = select_meets_select},
    {.name = "select_is_won_once", .body = select_is_won_once},
    {.name = "a_lost_case_leaves_the_others", .body = a_lost_case_leaves_the_others},
    {.name = "tries_see_each_other", .body = tries_see_each_other, .small = true},
    {.name = "otherwise", .body = otherwise_only_if_nothing, .small = true},
    {.name = "last_handle", .body = last_handle},
};

}  // namespace

std::span<const kernel> channel_kernels() { return kernels; }

}  // namespace stepping
