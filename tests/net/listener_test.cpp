// SPDX-License-Identifier: MIT
#include "../test.hpp"
#include "network.hpp"

#include <warren/runtime/system.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <unordered_set>
#include <vector>

namespace {

using namespace warren;
using namespace std::chrono_literals;
using tests::must;

WARREN_TEST(listener, is_a_handle_that_closes_at_the_end) {
  net::listener l = must(net::listen("tcp", "127.0.0.1:0"));
  net::listener same = l;
  EXPECT_EQ(l, same);
  EXPECT_NE(l, nil);
  EXPECT_EQ(net::listener{}, nil);
  EXPECT_EQ((std::unordered_set<net::listener>{l, same, nil}.size()), 2u);
  const std::string where = to_string(l.addr());
  l = nil;
  EXPECT_EQ(net::dial("tcp", where).err(), nil);
  same = nil;
  EXPECT_NE(net::dial("tcp", where).err(), nil);
}

WARREN_TEST(listener, says_where_it_listens) {
  EXPECT_EQ(must(net::listen("tcp4", ":0")).addr().ip(), "0.0.0.0");
  EXPECT_NE(must(net::listen("tcp", "127.0.0.1:0")).addr().port(), 0);
  EXPECT_EQ(must(net::listen("tcp", "localhost:0")).addr().ip(), "127.0.0.1");
  EXPECT_NE(must(net::listen("tcp", "")).addr().port(), 0);
}

// Go: TestListenAfterClose, TestListenerClose.
WARREN_TEST(listener, leaves_its_address_free_when_closed) {
  net::listener l = must(net::listen("tcp", "127.0.0.1:0"));
  const std::string where = to_string(l.addr());
  const net::conn client = must(net::dial("tcp", where));
  const net::conn server = must(l.accept());
  EXPECT_EQ(l.close(), nil);
  EXPECT_EQ(server.close(), nil);
  EXPECT_EQ(net::listen("tcp", where).err(), nil) << "although a connection is on its way out";
}

WARREN_TEST(listener, ends_all_that_wait_when_closed) {
  const net::listener l = must(net::listen("tcp", "127.0.0.1:0"));
  sync::wait_group all;
  for (int i = 0; i < 10; ++i) {
    all.go([l] { EXPECT_TRUE(tests::is_op_error(l.accept().err(), "accept", net::closed)); });
  }
  sleep(5ms);
  EXPECT_EQ(l.close(), nil);
  all.wait();
}

// Go: TestTCPConcurrentAccept.
WARREN_TEST(listener, is_used_by_many) {
  const net::listener l = must(net::listen("tcp", "127.0.0.1:0"));
  std::atomic<int> accepted{0};
  sync::wait_group all;
  for (int i = 0; i < 10; ++i) {
    all.go([&, l] {
      while (l.accept().err() == nil) ++accepted;
    });
  }
  const int dials = static_cast<int>(tests::scaled(1000));
  for (int i = 0; i < dials; ++i) EXPECT_EQ(net::dial("tcp", to_string(l.addr())).err(), nil);
  while (accepted < dials) sleep(1ms);
  EXPECT_EQ(l.close(), nil);
  all.wait();
}

WARREN_TEST(listener, of_a_path_removes_it) {
  const std::string path = tests::fresh_socket_path();
  {
    const net::listener l = must(net::listen("unix", path));
    EXPECT_EQ(to_string(l.addr()), path);
    EXPECT_EQ(::access(path.c_str(), F_OK), 0);
    EXPECT_EQ(to_string(net::listen("unix", path).err()), "listen unix " + path + ": bind: address already in use");
    const net::conn client = must(net::dial("unix", path));
    const net::conn server = must(l.accept());
    EXPECT_EQ(to_string(client.local_addr()), "@");
    EXPECT_EQ(to_string(client.remote_addr()), path);
    EXPECT_EQ(to_string(server.local_addr()), path);
    EXPECT_EQ(to_string(server.remote_addr()), "@");
    char some[1];
    EXPECT_EQ(client.set_read_deadline(clock::time_point(clock::duration(1))), nil);
    EXPECT_EQ(to_string(client.read(some).err()), "read unix @->" + path + ": i/o timeout");
    EXPECT_EQ(l.close(), nil);
    EXPECT_NE(::access(path.c_str(), F_OK), 0);
  }
  net::listener dropped = must(net::listen("unix", path));
  dropped = nil;
  EXPECT_NE(::access(path.c_str(), F_OK), 0);
}

WARREN_TEST(listener, of_an_abstract_name_needs_no_file) {
  const std::string name = "@warren" + tests::fresh_socket_path();
  const net::listener l = must(net::listen("unix", name));
  EXPECT_EQ(to_string(l.addr()), name);
  const net::conn client = must(net::dial("unix", name));
  const net::conn server = must(l.accept());
  EXPECT_EQ(client.write("x").err(), nil);
  EXPECT_EQ(tests::read_exactly(server, 1), "x");
}

/// Takes all descriptors but none.
class exhaustion {
 public:
  exhaustion() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit low = before_;
    low.rlim_cur = static_cast<rlim_t>(tests::open_files() + 20);
    ::setrlimit(RLIMIT_NOFILE, &low);
    for (int file = ::dup(0); file >= 0; file = ::dup(0)) files_.push_back(file);
  }
  ~exhaustion() {
    for (const int file : files_) ::close(file);
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }
  void give_one_back() {
    ::close(files_.back());
    files_.pop_back();
  }

 private:
  rlimit before_{};
  std::vector<int> files_;
};

WARREN_TEST(listener, without_a_descriptor_left_says_so_and_goes_on) {
  const net::listener l = must(net::listen("tcp", "127.0.0.1:0"));
  const net::conn client = must(net::dial("tcp", to_string(l.addr())));
  std::vector<error> refused;
  error not_dialed;
  {
    exhaustion all;
    for (int i = 0; i < 3; ++i) refused.push_back(l.accept().err());
    not_dialed = net::dial("tcp", to_string(l.addr())).err();
    all.give_one_back();
    const net::conn server = must(l.accept());  // the one that waited all the time
    EXPECT_EQ(server.remote_addr(), client.local_addr());
  }
  // Looked at only now: sanitizers need descriptors for a look at an object.
  for (const error& err : refused) {
    EXPECT_EQ(to_string(err), "accept tcp " + to_string(l.addr()) + ": accept4: too many open files");
    EXPECT_TRUE(net::is_temporary(err));
  }
  EXPECT_EQ(to_string(not_dialed), "dial tcp " + to_string(l.addr()) + ": socket: too many open files");
  const net::conn other = must(net::dial("tcp", to_string(l.addr())));
  EXPECT_EQ(l.accept().err(), nil);
}

struct fault_plan {
  runtime::sys::call which;
  int error;
  std::atomic<int> times;

  static int fail(runtime::sys::call c, void* state) noexcept {
    auto& plan = *static_cast<fault_plan*>(state);
    if (c != plan.which) return 0;
    int left = plan.times.load(std::memory_order_relaxed);
    while (left > 0) {
      if (plan.times.compare_exchange_weak(left, left - 1, std::memory_order_relaxed)) return plan.error;
    }
    return 0;
  }
};

error accept_with(runtime::sys::call which, int code, int times) {
  fault_plan plan{which, code, 0};
  error err;
  runtime::sys::set_fault(&fault_plan::fail, &plan);
  run([&] {
    const net::listener l = must(net::listen("tcp", "127.0.0.1:0"));
    const net::conn client = must(net::dial("tcp", to_string(l.addr())));
    plan.times = times;
    err = l.accept().err();
  });
  runtime::sys::set_fault(nullptr, nullptr);
  return err;
}

// Go: TestAcceptIgnoreAbortedConnRequest.
TEST(listener_faults, of_a_connection_that_is_gone_are_passed_over) {
  EXPECT_EQ(accept_with(runtime::sys::call::accept, ECONNABORTED, 5), nil);
}

TEST(listener_faults, are_reported) {
  for (const int code : {EMFILE, ENFILE, ENOBUFS, ENOMEM}) {
    const error err = accept_with(runtime::sys::call::accept, code, 1);
    EXPECT_TRUE(net::is_temporary(err)) << err;
  }
  EXPECT_FALSE(net::is_temporary(accept_with(runtime::sys::call::accept, EPERM, 1)));
  const int files = tests::open_files();
  const error err = accept_with(runtime::sys::call::poller_add, ENOSPC, 1);
  EXPECT_TRUE(tests::is_op_error(err, "accept", errors::from(std::error_code(ENOSPC, std::system_category())))) << err;
  EXPECT_EQ(tests::open_files(), files);
}

}  // namespace
