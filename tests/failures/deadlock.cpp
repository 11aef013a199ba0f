// SPDX-License-Identifier: MIT
#include <warren/warren.hpp>

using namespace warren;

[[gnu::noinline]] void read_all(chan<int> c) {
  c.recv();  // here: receives
  println("not reached");
}

[[gnu::noinline]] void write_one(chan<int> c) {
  c.send(1);  // here: sends
  println("not reached");
}

[[gnu::noinline]] void choose(chan<int> a, chan<int> b) {
  select(recv(a, [] {}), send(b, 1, [] {}));  // here: selects
  println("not reached");
}

[[gnu::noinline]] void lock_twice() {
  sync::mutex m;
  m.lock();
  m.lock();  // here: locks
  println("not reached");
}

[[gnu::noinline]] void wait_for_nil() {
  chan<int>().recv();  // here: nil
  println("not reached");
}

[[gnu::noinline]] void start_all(chan<int> c) {
  go(go_options{.name = "reader"}, read_all, c);  // here: starts reader
  go(write_one, make_chan<int>());            // here: starts writer
  go(choose, c, make_chan<int>());            // here: starts chooser
  go(lock_twice);                             // here: starts locker
  go(wait_for_nil);                           // here: starts nil
  println("all started");                     // were go() the last call, the compiler would jump to it
}

int main() {
  return run(run_options{.max_procs = 1}, [] {
    chan<int> c = make_chan<int>();
    start_all(c);
    sync::wait_group wg;
    wg.add(1);
    wg.wait();  // here: waits
  });
}
