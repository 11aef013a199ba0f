// SPDX-License-Identifier: MIT
// usage: echo_load ADDRESS CONNECTIONS SECONDS — each connection sends 64 bytes, waits for them, and again. Prints how
// many came back and the round trip's median and 99th percentile in microseconds.
#include <warren/warren.hpp>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <vector>

using namespace warren;
using namespace std::chrono_literals;

namespace {

struct outcome {
  std::int64_t messages = 0;
  std::vector<std::uint32_t> ns;
};

outcome talk(const net::conn& c, const std::atomic<bool>& over) {
  outcome o;
  const std::string message(64, 'x');
  char room[64];
  while (!over.load(std::memory_order_relaxed)) {
    const clock::time_point begin = clock::now();
    auto [written, err] = c.write(message);
    std::size_t got = 0;
    while (err == nil && got < message.size()) {
      auto [n, read_err] = c.read(std::span(room).subspan(got));
      got += n;
      err = read_err;
    }
    if (err != nil) {
      eprintln(err);
      return o;
    }
    o.ns.push_back(static_cast<std::uint32_t>((clock::now() - begin).count()));
    ++o.messages;
  }
  return o;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    eprintln("usage: echo_load ADDRESS CONNECTIONS SECONDS");
    return 2;
  }
  return run([&] {
    const int conns = std::atoi(argv[2]);
    std::atomic<bool> over{false};
    auto outcomes = make_chan<outcome>(conns);
    for (int i = 0; i < conns; ++i) {
      auto [c, err] = net::dial("tcp", argv[1]);
      if (err != nil) {
        eprintln(err);
        return 1;
      }
      go([c, &over, outcomes] { outcomes.send(talk(c, over)); });
    }
    sleep(std::atoi(argv[3]) * 1s);
    over = true;
    outcome all;
    for (int i = 0; i < conns; ++i) {
      outcome o = outcomes.recv();
      all.messages += o.messages;
      all.ns.insert(all.ns.end(), o.ns.begin(), o.ns.end());
    }
    std::sort(all.ns.begin(), all.ns.end());
    if (all.ns.empty()) return 1;
    println(all.messages, all.ns[all.ns.size() / 2] / 1000, all.ns[all.ns.size() * 99 / 100] / 1000);
    return 0;
  });
}
