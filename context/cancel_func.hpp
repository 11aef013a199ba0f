// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <utility>

#include "../errors/error.hpp"

namespace warren {

class context;

namespace context_tree {

class cancel_node;

/// A counted reference to what a cancel needs, or nil. It keeps some bytes of memory, nothing else: not the timer of a
/// deadline, not a place among the parent's children, no value.
class canceler {
 public:
  constexpr canceler() noexcept = default;
  /// Takes over the caller's.
  explicit canceler(cancel_node* owned) noexcept : node_(owned) {}
  canceler(const canceler& other) noexcept;
  canceler(canceler&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  canceler& operator=(canceler other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~canceler() {
    if (node_ != nullptr) drop();
  }

  /// Throws: panic_error for nil.
  void cancel() const;
  void cancel(error cause) const;

  friend bool operator==(const canceler& a, const canceler& b) noexcept { return a.node_ == b.node_; }
  friend bool operator==(const canceler& c, std::nullptr_t) noexcept { return c.node_ == nullptr; }

 private:
  void drop() noexcept;

  cancel_node* node_ = nullptr;
};

}  // namespace context_tree

/// Cancels the context it was returned with, and all below, before it returns; when they are done already it does nothing.
/// A handle: copies share, a default one is nil. It may be called from anywhere, and outlive the context. A context that
/// nobody can see any more gives up its deadline and its place in the tree by itself, whether cancel is called or
/// kept, or not.
/// Source: Go context.CancelFunc.
class cancel_func {
 public:
  constexpr cancel_func() noexcept = default;
  constexpr cancel_func(std::nullptr_t) noexcept {}

  /// Parks: no. Throws: panic_error for nil. Order: what came before the call happens before a receive that returns
  /// because of it, and before an err() that tells of it.
  void operator()() const { canceler_.cancel(); }

  friend bool operator==(const cancel_func& a, const cancel_func& b) noexcept = default;
  friend bool operator==(const cancel_func& f, std::nullptr_t) noexcept { return f.canceler_ == nullptr; }

 private:
  friend class context;
  explicit cancel_func(context_tree::cancel_node* owned) noexcept : canceler_(owned) {}

  context_tree::canceler canceler_;
};

/// A cancel_func that tells why: `context::cause` gives the error back. Source: Go context.CancelCauseFunc.
class cancel_cause_func {
 public:
  constexpr cancel_cause_func() noexcept = default;
  constexpr cancel_cause_func(std::nullptr_t) noexcept {}

  /// As cancel_func's; a nil cause stands for context::canceled.
  void operator()(error cause) const { canceler_.cancel(std::move(cause)); }

  friend bool operator==(const cancel_cause_func& a, const cancel_cause_func& b) noexcept = default;
  friend bool operator==(const cancel_cause_func& f, std::nullptr_t) noexcept { return f.canceler_ == nullptr; }

 private:
  friend class context;
  explicit cancel_cause_func(context_tree::cancel_node* owned) noexcept : canceler_(owned) {}

  context_tree::canceler canceler_;
};

}  // namespace warren
