// SPDX-License-Identifier: MIT
// usage: http_load URL GOROUTINES SECONDS — each goroutine gets the URL again and again. Prints how many requests were
// answered, the processor time they took here in microseconds, and the 99th percentile of their time in microseconds.
#include <warren/warren.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <vector>

using namespace warren;
using namespace std::chrono_literals;

namespace {

std::int64_t processor_us() {
  rusage u{};
  ::getrusage(RUSAGE_SELF, &u);
  return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1'000'000 + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

std::vector<std::uint32_t> ask(const http::client& client, const std::string& url, const std::atomic<bool>& over) {
  std::vector<std::uint32_t> us;
  while (!over.load(std::memory_order_relaxed)) {
    const clock::time_point begin = clock::now();
    auto [response, err] = client.get(url);
    if (err == nil) {
      auto [text, read_err] = http::read_all(response.body());
      err = read_err;
      response.body().close();
    }
    if (err != nil) {
      eprintln(err);
      return us;
    }
    us.push_back(static_cast<std::uint32_t>((clock::now() - begin) / 1us));
  }
  return us;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    eprintln("usage: http_load URL GOROUTINES SECONDS");
    return 2;
  }
  return run([&] {
    const int goroutines = std::atoi(argv[2]);
    http::client client;
    client.transport = http::transport({.max_idle_conns_per_host = static_cast<std::size_t>(goroutines)});
    std::atomic<bool> over{false};
    auto answers = make_chan<std::vector<std::uint32_t>>(goroutines);
    const std::string url = argv[1];
    for (int i = 0; i < goroutines; ++i) go([&, answers] { answers.send(ask(client, url, over)); });
    sleep(std::atoi(argv[3]) * 1s);
    over = true;
    std::vector<std::uint32_t> all;
    for (int i = 0; i < goroutines; ++i) {
      std::vector<std::uint32_t> some = answers.recv();
      all.insert(all.end(), some.begin(), some.end());
    }
    const std::int64_t spent = processor_us();
    std::sort(all.begin(), all.end());
    if (all.empty()) return 1;
    println(all.size(), spent, all[all.size() * 99 / 100]);
    return 0;
  });
}
