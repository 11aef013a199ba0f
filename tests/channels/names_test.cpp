// SPDX-License-Identifier: MIT
// The names of the channels stand beside those of the standard library and of POSIX.
#include <netdb.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <warren/channels/channel.hpp>
#include <warren/channels/select.hpp>

#include "test.hpp"

using namespace warren;
using namespace std;

namespace {

WARREN_TEST(names, select_send_and_recv_beside_those_of_posix) {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  char byte = 'x';
  EXPECT_EQ(send(pair[0], &byte, 1, 0), 1);
  fd_set readable;
  FD_ZERO(&readable);
  FD_SET(pair[1], &readable);
  timeval now{};
  EXPECT_EQ(select(pair[1] + 1, &readable, nullptr, nullptr, &now), 1);
  EXPECT_EQ(recv(pair[1], &byte, 1, 0), 1);
  close(pair[0]);
  close(pair[1]);

  chan<int> c = make_chan<int>(1);
  EXPECT_EQ(select(send(c, 3), otherwise), 0);
  int v = 0;
  bool ok = false;
  EXPECT_EQ(select(recv(c, v, ok), otherwise([] {})), 0);
  EXPECT_EQ(v, 3);
  EXPECT_TRUE(ok);
  recv_status status = c.try_recv(v);
  EXPECT_EQ(status, recv_status::empty);
  vector<select_case> cases;
  cases.push_back(otherwise);
  EXPECT_EQ(select(cases), 0);
  try {
    chan<int>(nil).close();
  } catch (const channel_error&) {
    v = 4;
  }
  EXPECT_EQ(v, 4);
}

// What must not compile: the wrong direction, and back from one direction to both. (Go: test/chan/perm.go.)

template <class C>
concept can_send = requires(C c) {
  c.send(1);
}
|| requires(C c) { c << 1; }
|| requires(C c) { c.try_send(1); }
|| requires(C c) { send(c, 1); }
|| requires(C c) {
  send(c, 1, [] {});
};
template <class C>
concept can_close = requires(C c) { c.close(); };
template <class C>
concept can_receive = requires(C c) { c.recv(); } || requires(C c) { c.recv_ok(); } ||
                      requires(C c, int v) { c >> v; } || requires(C c) { c.recv_opt(); } ||
                      requires(C c, int v) { c.try_recv(v); } || requires(C c) { recv(c); }
|| requires(C c, int v) { recv(c, v); }
|| requires(C c, int v, bool ok) { recv(c, v, ok); };
template <class C>
concept can_loop = requires(C c) { c.begin(); } || requires(C c) { begin(c); };

static_assert(can_send<chan<int>> && can_receive<chan<int>> && can_close<chan<int>> && can_loop<chan<int>>);
static_assert(can_send<send_chan<int>> && can_close<send_chan<int>>);
static_assert(!can_receive<send_chan<int>> && !can_loop<send_chan<int>>);
static_assert(can_receive<recv_chan<int>> && can_loop<recv_chan<int>>);
static_assert(!can_send<recv_chan<int>> && !can_close<recv_chan<int>>);

template <class C>
concept can_send_nothing = requires(C c) {
  c.send();
}
|| requires(C c) { send(c); }
|| requires(C c) { c.try_send(); };
static_assert(can_send_nothing<chan<void>> && can_send_nothing<send_chan<void>>);
static_assert(!can_send_nothing<recv_chan<void>> && !can_send_nothing<chan<int>>);
static_assert(!can_send<chan<void>>);

static_assert(is_convertible_v<chan<int>, send_chan<int>> && is_convertible_v<chan<int>, recv_chan<int>>);
static_assert(!is_constructible_v<chan<int>, send_chan<int>> &&
              !is_constructible_v<chan<int>, recv_chan<int>>);
static_assert(!is_constructible_v<send_chan<int>, recv_chan<int>>);
static_assert(!is_constructible_v<recv_chan<int>, send_chan<int>>);
static_assert(!is_constructible_v<chan<long>, chan<int>> && !is_constructible_v<recv_chan<long>, chan<int>>);
static_assert(is_convertible_v<nullptr_t, chan<int>> && is_convertible_v<nullptr_t, recv_chan<int>>);
static_assert(is_assignable_v<send_chan<int>&, nullptr_t>);

template <class A, class B>
concept comparable = requires(A a, B b) { a == b; };
static_assert(comparable<chan<int>, recv_chan<int>> && comparable<send_chan<int>, recv_chan<int>>);
static_assert(comparable<chan<int>, nullptr_t> && comparable<nullptr_t, recv_chan<int>>);
static_assert(!comparable<chan<int>, chan<long>> && !comparable<chan<int>, int>);

// A case that sends is used up by a select: it must be a temporary.
template <class Case>
concept can_select = requires(Case&& c) { select(static_cast<Case&&>(c)); };
using sends_one = decltype(send(std::declval<chan<int>&>(), 1));
static_assert(can_select<sends_one> && !can_select<sends_one&>);
static_assert(can_select<decltype(otherwise)&> && !can_select<int>);

// Only what converts is sent.
template <class C, class V>
concept can_send_value = requires(C c, V v) { send(c, static_cast<V>(v)); };
static_assert(can_send_value<chan<string>, const char*> && !can_send_value<chan<string>, int*>);
static_assert(can_send_value<chan<unique_ptr<int>>, unique_ptr<int>&&>);
static_assert(!can_send_value<chan<unique_ptr<int>>, unique_ptr<int>&>);

}  // namespace
