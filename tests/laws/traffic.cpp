// SPDX-License-Identifier: MIT
#include "traffic.hpp"

#include <warren/runtime/blocking.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/park.hpp>
#include <warren/sync/wait_group.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <random>
#include <thread>

#include "scribe.hpp"

namespace warren::laws {

namespace {

constexpr letter letters_of_sender = letter{1} << 32;
constexpr int tries_before_wait = 3;

class participant {
 public:
  participant(std::atomic<stamp>& clock, const std::vector<mailbox>& boxes, std::uint64_t seed)
      : log(clock), boxes_(boxes), random_(static_cast<std::minstd_rand::result_type>(seed)) {}
  virtual ~participant() = default;
  virtual void work() = 0;

  scribe log;

 protected:
  std::size_t below(std::size_t n) { return random_() / 16 % n; }
  const mailbox& any() { return boxes_[below(boxes_.size())]; }
  static void give_way() { runtime::yield(); }

  const std::vector<mailbox>& boxes_;

 private:
  std::minstd_rand random_;
};

class sender : public participant {
 public:
  sender(std::atomic<stamp>& clock, const std::vector<mailbox>& boxes, std::uint64_t seed, letter first, const traffic& t)
      : participant(clock, boxes, seed), first_(first), letters_(t.letters), receives_too_(t.quits_after == 0) {}

  void work() override {
    for (letter v = first_; v < first_ + letters_; ++v) send(v);
  }

 private:
  void send(letter v) {
    switch (below(receives_too_ ? 5 : 4)) {
      case 0: log.send(any(), v); return;
      case 1: log.send_either(any(), any(), v); return;
      case 2: return try_one(v);
      case 3: return try_either(v);
      default:
        // A letter that came instead does not count; a channel that is closed would answer for ever.
        for (;;) {
          const scribe::choice c = log.send_or_receive(any(), v, any());
          if (c.which == 0 || c.how == fate::closed) return;
        }
    }
  }

  void try_one(letter v) {
    const mailbox& to = any();
    for (int i = 0; i < tries_before_wait; ++i) {
      if (log.try_send(to, v) != fate::refused) return;
      give_way();
    }
    log.send(to, v);
  }

  void try_either(letter v) {
    const mailbox& a = any();
    const mailbox& b = any();
    for (int i = 0; i < tries_before_wait; ++i) {
      if (log.try_send_either(a, b, v).how != fate::refused) return;
      give_way();
    }
    log.send_either(a, b, v);
  }

  letter first_;
  letter letters_;
  bool receives_too_;
};

/// Never waits without waiting for the channel that it is there for, as long as that is open.
class receiver : public participant {
 public:
  receiver(std::atomic<stamp>& clock, const std::vector<mailbox>& boxes, std::uint64_t seed, std::size_t home,
           const traffic& t)
      : participant(clock, boxes, seed), home_(home), quits_after_(t.quits_after), closed_(boxes.size(), false) {}

  void work() override {
    for (int n = 0; quits_after_ == 0 ? !all_closed() : n < quits_after_;) n += receive() ? 1 : 0;
  }

 private:
  bool all_closed() const { return std::find(closed_.begin(), closed_.end(), false) == closed_.end(); }

  std::size_t open_one() {
    std::size_t i = below(boxes_.size());
    while (closed_[i]) i = (i + 1) % boxes_.size();
    return i;
  }

  bool receive() {
    const std::size_t a = closed_[home_] ? open_one() : home_;
    const std::size_t b = open_one();
    switch (below(4)) {
      case 0: return note(a, log.receive(boxes_[a]));
      case 1: return note(log.receive_either(boxes_[b], boxes_[a]), b, a);
      case 2: return note(b, log.try_receive(boxes_[b]));
      default: return note(log.try_receive_either(boxes_[a], boxes_[b]), a, b);
    }
  }

  bool note(const scribe::choice& c, std::size_t a, std::size_t b) { return note(c.which == 0 ? a : b, c.how); }

  bool note(std::size_t i, fate how) {
    if (how == fate::closed) closed_[i] = true;
    if (how == fate::refused) give_way();
    return how == fate::done;
  }

  std::size_t home_;
  int quits_after_;
  std::vector<bool> closed_;
};

class closer : public participant {
 public:
  using participant::participant;

  void work() override {
    for (std::size_t n = below(200); n > 0; --n) give_way();
    for (std::size_t n = boxes_.size() * 2; n > 0; --n) {
      log.close(any());
      give_way();
    }
  }
};

class scene {
 public:
  scene(const traffic& t, std::uint64_t seed) : t_(t), seed_(seed * 1000) {
    for (const std::size_t capacity : t.capacities) {
      boxes_.push_back({make_chan<letter>(static_cast<std::ptrdiff_t>(capacity)), std::uint32_t(boxes_.size())});
      done_.channels.push_back({capacity, {}});
    }
  }

  history play() {
    sync::wait_group sending;
    sync::wait_group receiving;
    std::vector<std::thread> threads;
    for (int i = 0; i < t_.senders; ++i) {
      begin<sender>(sending, threads, i < t_.threads, letters_of_sender * letter(i), t_);
    }
    for (int i = 0; i < t_.receivers; ++i) {
      begin<receiver>(receiving, threads, i < t_.threads, std::size_t(i) % boxes_.size(), t_);
    }
    if (t_.closes_early) begin<closer>(sending, threads, false);
    sending.wait();
    if (t_.quits_after == 0) close_all();
    receiving.wait();
    if (!threads.empty()) {
      blocking([&] {
        for (std::thread& t : threads) t.join();
      });
    }
    return collect();
  }

 private:
  template <class Participant, class... More>
  void begin(sync::wait_group& group, std::vector<std::thread>& threads, bool as_thread, More&&... more) {
    cast_.push_back(std::make_unique<Participant>(clock_, boxes_, ++seed_, std::forward<More>(more)...));
    group.add(1);
    const auto work = [&group, p = cast_.back().get()] {
      p->work();
      group.done();
    };
    as_thread ? void(threads.emplace_back(work)) : go(work);
  }

  void close_all() {
    scribe log(clock_);
    for (const mailbox& b : boxes_) log.close(b);
    log.hand_in(done_);
  }

  history collect() {
    for (const auto& p : cast_) p->log.hand_in(done_);
    for (const mailbox& b : boxes_) {
      letter v = 0;
      while (b.letters.try_recv(v) == recv_status::value) done_.channels[b.number].left.push_back(v);
    }
    return std::move(done_);
  }

  const traffic& t_;
  std::uint64_t seed_;
  std::atomic<stamp> clock_{0};
  std::vector<mailbox> boxes_;
  std::vector<std::unique_ptr<participant>> cast_;
  history done_;
};

}  // namespace

history record(const traffic& t, std::uint64_t seed) { return scene(t, seed).play(); }

}  // namespace warren::laws
