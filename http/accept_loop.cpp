// SPDX-License-Identifier: MIT
#include "accept_loop.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <string>
#include <utility>

#include "../channels/select.hpp"
#include "../net/net_error.hpp"
#include "../runtime/system.hpp"
#include "../time/duration_text.hpp"
#include "../time/sleep.hpp"
#include "../time/timer.hpp"
#include "out_of_memory.hpp"
#include "server_connection.hpp"
#include "server_core.hpp"
#include "server_error.hpp"
#include "service.hpp"

namespace warren::http {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds first_pause{5};
constexpr milliseconds longest_pause{1000};

/// A descriptor kept back for the moment when there is no other.
class reserve {
 public:
  reserve() : file_(runtime::sys::create_bell()) {}
  reserve(const reserve&) = delete;
  reserve& operator=(const reserve&) = delete;
  ~reserve() { give_up(); }

  void give_up() {
    if (file_ >= 0) runtime::sys::close_file(std::exchange(file_, -1));
  }

  bool take_back() {
    if (file_ < 0) file_ = runtime::sys::create_bell();
    return file_ >= 0;
  }

 private:
  int file_;
};

class acceptance {
 public:
  acceptance(service& s, const net::listener& l) : service_(s), listener_(l) {}

  warren::error run() {
    while (service_.core.wait_for_room(service_.max_conns)) {
      const warren::error err = accept_one();
      if (err == nil) {
        pause_ = milliseconds(0);
      } else if (service_.core.is_ending()) {
        break;
      } else if (err != out_of_memory && !net::is_temporary(err)) {
        return err;
      } else {
        recover(err);
      }
    }
    return server_closed;
  }

 private:
  warren::error accept_one() {
    try {
      auto [c, err] = listener_.accept();
      if (err == nil) server_connection::start(service_, std::move(c));
      return err;
    } catch (const std::bad_alloc&) {
      return out_of_memory;
    }
  }

  void recover(const warren::error& err) {
    if (pause_ >= longest_pause) shed();
    pause_ = std::clamp(2 * pause_, first_pause, longest_pause);
    try {
      service_.log("http: Accept error: " + err.message() + "; retrying in " + timing::text_of(pause_));
      select(recv(time_after(pause_)), recv(service_.core.ended()));
    } catch (const std::bad_alloc&) {
      sleep(first_pause);  // which takes no memory
    }
  }

  /// Lets the one who waits longest know.
  void shed() {
    reserve_.give_up();
    auto [c, err] = listener_.accept();
    if (err == nil && !reserve_.take_back()) c.close();
    else if (err == nil) server_connection::start(service_, std::move(c));
    reserve_.take_back();
  }

  service& service_;
  const net::listener& listener_;
  reserve reserve_;
  milliseconds pause_{0};
};

}  // namespace

warren::error accept_loop(service& s, const net::listener& l) { return acceptance(s, l).run(); }

}  // namespace warren::http
