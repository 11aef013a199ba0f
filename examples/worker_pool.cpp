// SPDX-License-Identifier: MIT
// Three workers share a queue of jobs; the results come back by one channel.
#include <warren/warren.hpp>

#include <vector>
using namespace warren;
using namespace std::chrono_literals;

struct job { int number; };
struct result_of { int number; int square; };

void worker(recv_chan<job> jobs, send_chan<result_of> results) {
  for (job j : jobs) {
    sleep(1ms);  // stands for work
    results.send({j.number, j.number * j.number});
  }
}

int main() {
  return run([] {
    constexpr int workers = 3, count = 12;
    auto jobs = make_chan<job>();
    auto results = make_chan<result_of>(count);
    sync::wait_group wg;
    for (int w = 0; w < workers; ++w) {
      wg.go([=] { worker(jobs, results); });
    }
    for (int n = 1; n <= count; ++n) jobs.send({n});
    jobs.close();
    wg.wait();
    results.close();

    // They arrive in the order in which the workers end: put them back into that of the jobs.
    std::vector<int> squares(count + 1);
    for (result_of r : results) squares[r.number] = r.square;
    for (int n = 1; n <= count; ++n) println(n, "squared is", squares[n]);
  });
}
