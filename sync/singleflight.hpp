// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "../channels/channel.hpp"
#include "../errors/error.hpp"
#include "../errors/result.hpp"
#include "../runtime/go.hpp"
#include "mutex.hpp"
#include "wait_group.hpp"

namespace warren::singleflight {

/// What a call gave: `auto [v, err, shared] = g.do_(key, f);`. Source: golang.org/x/sync/singleflight.Result.
template <class T>
struct outcome {
  T value{};
  error err{};
  bool shared = false;  ///< more than one got it
};

/// Tells whether what unwinds now is a goexit() that began after this was made.
class goexit_watch {
 public:
  goexit_watch() noexcept;
  bool sees_goexit() const noexcept;

 private:
  const bool exiting_before_;
};

/// A call under way, and how it ended. The laws stand in singleflight.cpp.
class flight {
 public:
  flight() { ended_.add(1); }
  flight(const flight&) = delete;
  flight& operator=(const flight&) = delete;

  /// Waits for the end. Parks: until then. Throws: what the function threw; goexit() if it called that.
  void wait();

  // The end, told once by who runs the function.
  void land() noexcept { ended_.done(); }
  void land_failed(std::exception_ptr failure) noexcept;
  void land_exited() noexcept;

 protected:
  ~flight() = default;

 private:
  enum class end : std::uint8_t { returned, threw, exited };

  sync::wait_group ended_;
  end how_ = end::returned;
  std::exception_ptr failure_;
};

/// Ends the program with the report of this exception, which nobody can catch.
[[noreturn]] void end_by(const std::exception_ptr& failure) noexcept;

/// Calls for the same key that come while one is under way wait for that one and get what it gives.
///
/// A function returns T or `result<T>`. What it gives is copied to each who waits, so T can be copied. The
/// group may be destroyed when no do_() is under way; what do_chan() has begun ends by itself.
/// Source: golang.org/x/sync/singleflight.Group.
template <class T, class Key = std::string, class Hash = std::hash<Key>, class Equal = std::equal_to<Key>>
class group {
  static_assert(std::is_object_v<T> && std::is_copy_constructible_v<T>,
                "singleflight::group<T>: many may get the value, so it must be one that can be copied");
  static_assert(std::is_nothrow_move_constructible_v<T>,
                "singleflight::group<T>: it may go through a channel, so its move constructor is noexcept");

 public:
  group() : flights_(std::make_shared<table>()) {}
  group(const group&) = delete;
  group& operator=(const group&) = delete;

  /// Calls f, or waits for a call for this key that is under way; f must not call do_() for the same key: it
  /// would wait for itself.
  /// Parks: while f runs elsewhere; a switch point in any case.
  /// Throws: what f throws, here and to all who wait: the same object. If f calls goexit(), all who wait do;
  /// a thread, which cannot, gets panic_error `runtime.Goexit was called`.
  template <class F>
  outcome<T> do_(Key key, F&& f);

  /// The same without waiting: f runs in a goroutine of its own. An exception that leaves a function whose
  /// outcome is wanted on a channel ends the program, whoever called it; after a goexit() nothing is ever
  /// sent.
  /// Parks: while others look up their keys; a switch point.
  /// Returns: a channel that gets the outcome and is not closed.
  template <class F>
  recv_chan<outcome<T>> do_chan(Key key, F&& f);

  /// Lets the next call for the key run its function, even if one is under way; those who wait for that one
  /// still get what it gives. A switch point.
  void forget(const Key& key) { flights_->forget(key); }

 private:
  class call;
  class table;
  template <class F>
  class chan_task;

  static void fail(call& c, bool by_goexit);

  std::shared_ptr<table> flights_;
};

template <class T, class Key, class Hash, class Equal>
class group<T, Key, Hash, Equal>::call : public flight {
 public:
  using by_key = std::unordered_map<Key, std::shared_ptr<call>, Hash, Equal>;

  /// Calls f and keeps what it gives.
  template <class F>
  void run(F&& f) {
    using returned = std::invoke_result_t<F>;
    static_assert(!std::is_void_v<returned>, "singleflight: the function returns T or result<T>");
    if constexpr (std::is_base_of_v<std::pair<T, error>, std::remove_cvref_t<returned>>) {
      std::pair<T, error> given = std::invoke(std::forward<F>(f));
      value_.emplace(std::move(given.first));
      err_ = std::move(given.second);
    } else {
      value_.emplace(std::invoke(std::forward<F>(f)));
    }
  }
  bool has_run() const noexcept { return value_.has_value(); }

  outcome<T> copy_for_one_of_many() const { return {*value_, err_, true}; }

  /// For the first, once all others have been told: nobody else looks at it if there are none.
  outcome<T> take_for_the_first() {
    if (others != 0) return copy_for_one_of_many();
    return {std::move(*value_), std::move(err_), false};
  }

  /// Tells all but the first; a copy for a channel that throws would leave somebody waiting, and ends the
  /// program.
  void tell_the_others(std::size_t from_channel) noexcept {
    land();
    for (std::size_t i = from_channel; i < channels.size(); ++i) channels[i].try_send(copy_for_one_of_many());
  }

  // The table's.
  typename by_key::iterator at;
  bool listed = false;
  std::size_t others = 0;  ///< who came after the first
  std::vector<chan<outcome<T>>> channels;

 private:
  std::optional<T> value_;
  error err_;
};

/// The calls under way. Shared by the group and by the goroutines of do_chan(), which may outlive it.
template <class T, class Key, class Hash, class Equal>
class group<T, Key, Hash, Equal>::table {
 public:
  struct joined {
    std::shared_ptr<call> c;
    bool first;
  };

  /// The call for the key; one that is made now if there was none. `ch`, if it is not nil, gets the outcome.
  joined join(Key&& key, const chan<outcome<T>>& ch) {
    std::lock_guard hold(mutex_);
    if (const auto at = calls_.find(key); at != calls_.end()) {
      call& c = *at->second;
      if (ch != nil) c.channels.push_back(ch);
      ++c.others;
      return {at->second, false};
    }
    auto made = std::make_shared<call>();
    if (ch != nil) made->channels.push_back(ch);
    made->at = calls_.emplace(std::move(key), made).first;
    made->listed = true;
    return {std::move(made), true};
  }

  void forget(const Key& key) {
    node taken;
    std::lock_guard hold(mutex_);
    const auto at = calls_.find(key);
    if (at != calls_.end()) taken = unlist(*at->second);
  }

  /// Nobody joins the call any more; those who did it can be read without the lock. The last that is done
  /// here.
  void close(call& c) {
    node taken;
    std::lock_guard hold(mutex_);
    if (c.listed) taken = unlist(c);
  }

 private:
  using node = typename call::by_key::node_type;

  node unlist(call& c) {
    c.listed = false;
    return calls_.extract(c.at);
  }

  sync::mutex mutex_;
  typename call::by_key calls_;
};

/// What do_chan() starts. As in wait_group, the function is gone before anybody is told.
template <class T, class Key, class Hash, class Equal>
template <class F>
class group<T, Key, Hash, Equal>::chan_task {
 public:
  template <class G>
  chan_task(std::shared_ptr<table> flights, std::shared_ptr<call> c, G&& f)
      : flights_(std::move(flights)), call_(std::move(c)), f_(std::forward<G>(f)) {}

  // A destructor, not a handler: for an exception that nobody catches it never runs.
  void operator()() {
    const ended at_the_end{*this};
    call_->run(*std::move(f_));
  }

 private:
  struct ended {
    chan_task& task;
    ~ended() {
      task.f_.reset();
      task.end();
    }
  };

  void end() {
    flights_->close(*call_);
    if (!call_->has_run()) return call_->land_exited();
    call_->tell_the_others(1);
    call_->channels.front().try_send(call_->take_for_the_first());
  }

  std::shared_ptr<table> flights_;
  std::shared_ptr<call> call_;
  std::optional<F> f_;
};

/// In a handler, when nobody can join the call any more.
template <class T, class Key, class Hash, class Equal>
void group<T, Key, Hash, Equal>::fail(call& c, bool by_goexit) {
  if (by_goexit) return c.land_exited();
  if (!c.channels.empty()) end_by(std::current_exception());
  c.land_failed(std::current_exception());
}

template <class T, class Key, class Hash, class Equal>
template <class F>
outcome<T> group<T, Key, Hash, Equal>::do_(Key key, F&& f) {
  const auto [c, first] = flights_->join(std::move(key), nil);
  if (!first) {
    c->wait();
    return c->copy_for_one_of_many();
  }
  const goexit_watch unwinding;
  try {
    c->run(std::forward<F>(f));
  } catch (...) {
    flights_->close(*c);
    fail(*c, unwinding.sees_goexit());
    throw;
  }
  flights_->close(*c);
  c->tell_the_others(0);
  return c->take_for_the_first();
}

// Not inlined, and past warren::go: the call that a dump shows is the one in the user's function.
template <class T, class Key, class Hash, class Equal>
template <class F>
[[gnu::noinline]] recv_chan<outcome<T>> group<T, Key, Hash, Equal>::do_chan(Key key, F&& f) {
  const chan<outcome<T>> ch = make_chan<outcome<T>>(1);
  const auto [c, first] = flights_->join(std::move(key), ch);
  if (!first) return ch;
  const goexit_watch unwinding;
  try {
    runtime::go_with({}, chan_task<std::decay_t<F>>(flights_, c, std::forward<F>(f)));
  } catch (...) {
    flights_->close(*c);
    c->channels.erase(c->channels.begin());  // the caller gets the exception instead
    fail(*c, unwinding.sees_goexit());
    throw;
  }
  return ch;
}

}  // namespace warren::singleflight
