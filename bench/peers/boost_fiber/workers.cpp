// SPDX-License-Identifier: MIT
#include "workers.hpp"

#include <boost/fiber/all.hpp>
#include <mutex>
#include <thread>
#include <vector>

namespace {

// The threads meet here before the first fiber and after the last: a stealing scheduler looks into all
// the others without asking whether they exist yet or still do.
class meeting {
 public:
  explicit meeting(unsigned count) : missing_(count) {}

  void arrive_and_wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    if (--missing_ == 0) {
      all_here_.notify_all();
      return;
    }
    all_here_.wait(lock, [this] { return missing_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable all_here_;
  unsigned missing_;
};

class end_of_work {
 public:
  void announce() {
    {
      std::lock_guard<boost::fibers::mutex> lock(mutex_);
      over_ = true;
    }
    changed_.notify_all();
  }

  void wait() {
    std::unique_lock<boost::fibers::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return over_; });
  }

 private:
  boost::fibers::mutex mutex_;
  boost::fibers::condition_variable changed_;
  bool over_ = false;
};

// Idle threads keep looking for work: with suspend they sleep and no new fiber wakes them, which leaves the
// first thread to do everything.
void steal_among(unsigned count) {
  boost::fibers::use_scheduling_algorithm<boost::fibers::algo::work_stealing>(count, false);
}

}  // namespace

void run_on_workers(unsigned count, const std::function<void()>& f) {
  if (count == 1) {
    boost::fibers::fiber(f).join();
    return;
  }
  meeting start(count), stop(count);
  end_of_work end;
  std::vector<std::thread> threads;
  for (unsigned k = 1; k < count; k++) {
    threads.emplace_back([&] {
      steal_among(count);
      start.arrive_and_wait();
      end.wait();
      stop.arrive_and_wait();
    });
  }
  steal_among(count);
  start.arrive_and_wait();
  // The main fiber is pinned to its thread; the work is not.
  boost::fibers::fiber(f).join();
  end.announce();
  stop.arrive_and_wait();
  for (std::thread& t : threads) t.join();
}
