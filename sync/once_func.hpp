// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "once.hpp"

namespace warren::sync {

/// What copies of a once_func or once_value share: the one call, and how it ended.
class shared_call {
 public:
  shared_call() = default;
  shared_call(const shared_call&) = delete;
  shared_call& operator=(const shared_call&) = delete;

  void make() {
    once_.do_([this] { make_first(); });
    if (!returned_) [[unlikely]] fail_again();
  }

 protected:
  virtual ~shared_call() = default;

  template <class F>
  struct dropped {
    std::optional<F>& f;
    ~dropped() { f.reset(); }
  };

 private:
  /// Calls the function, keeps its result, and drops the function, however it ends.
  virtual void call() = 0;

  void make_first();
  [[noreturn]] void fail_again() const;

  once once_;
  bool returned_ = false;
  std::exception_ptr failure_;
};

/// A function that is called at most once, however often and by however many this is called; copies share it.
///
/// All calls return after it has returned. If it throws, each call throws the same exception; if it calls
/// goexit(), the others throw `panic_error`. It is dropped, with what it captured, as soon as it has been
/// called.
/// Source: Go sync.OnceFunc.
class once_func {
 public:
  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, once_func> && std::invocable<std::decay_t<F>>)
  explicit once_func(F&& f) : call_(std::make_shared<kept<std::decay_t<F>>>(std::forward<F>(f))) {}

  /// Calls the function if nobody has. Parks: while it runs elsewhere. Throws: what it threw.
  void operator()() const { call_->make(); }

 private:
  template <class F>
  struct kept final : shared_call {
    template <class G>
    explicit kept(G&& g) : f(std::in_place, std::forward<G>(g)) {}

    void call() override {
      const dropped<F> at_the_end{f};
      std::invoke(*std::move(f));
    }

    std::optional<F> f;
  };

  std::shared_ptr<shared_call> call_;
};

/// A value that is computed at most once, by a function that is called when the value is first wanted; copies
/// share it. As once_func in all else. Source: Go sync.OnceValue; OnceValues is this with a function that
/// returns a pair.
template <class T>
class once_value {
  static_assert(std::is_object_v<T>, "once_value: the function returns a value; for void there is once_func");

 public:
  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, once_value> && std::is_invocable_r_v<T, std::decay_t<F>>)
  explicit once_value(F&& f) : call_(std::make_shared<kept<std::decay_t<F>>>(std::forward<F>(f))) {}

  /// Calls the function if nobody has. Parks: while it runs elsewhere. Throws: what it threw.
  /// Returns: its result, which lives as long as a copy of this does.
  const T& operator()() const {
    call_->make();
    return *call_->value;
  }

 private:
  struct shared_value : shared_call {
    std::optional<T> value;
  };

  template <class F>
  struct kept final : shared_value {
    template <class G>
    explicit kept(G&& g) : f(std::in_place, std::forward<G>(g)) {}

    void call() override {
      const shared_call::dropped<F> at_the_end{f};
      this->value.emplace(std::invoke(*std::move(f)));
    }

    std::optional<F> f;
  };

  std::shared_ptr<shared_value> call_;
};

template <class F>
once_value(F) -> once_value<std::remove_cvref_t<std::invoke_result_t<F>>>;

}  // namespace warren::sync
