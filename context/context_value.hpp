// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "tree.hpp"
#include "value_node.hpp"

namespace warren {

/// Thrown by `context_value::as` for another type than was stored, with Go's text for a failed type assertion.
class bad_context_value : public std::bad_cast {
 public:
  bad_context_value(const std::type_info* stored, const std::type_info& wanted);
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};

/// What `context::value` found: a value of any type, or nothing. It shares the ownership of the value, which lives on
/// when the context is gone.
class context_value {
 public:
  constexpr context_value() noexcept = default;
  context_value(const context_value& other) noexcept : node_(other.node_) { context_tree::retain(node_); }
  context_value(context_value&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  context_value& operator=(context_value other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~context_value() { context_tree::release(node_); }

  /// Returns: whether there is a value.
  explicit operator bool() const noexcept { return node_ != nullptr; }

  /// Returns: the value, valid as long as this object or a context of its lives.
  /// Throws: bad_context_value when there is none, or one of another type. Text that was stored is a std::string.
  template <class T>
  const T& as() const& {
    if (const T* v = get_if<T>()) return *v;
    fail(typeid(T));
  }

  /// From a temporary a copy, so that `auto& name = ctx.value(key).as<std::string>();` does not dangle unseen.
  template <class T>
  std::conditional_t<std::copy_constructible<T>, T, const T&> as() && {
    return std::as_const(*this).template as<T>();
  }

  /// Returns: the value, nullptr when there is none or one of another type; valid as long as this object or a context
  /// of its lives.
  template <class T>
  const T* get_if() const noexcept {
    static_assert(std::same_as<T, std::decay_t<T>>, "context_value: a value is stored as its decayed type");
    const bool same = node_ != nullptr && node_->value_type_is == &context_tree::type_of<T>;
    return same ? static_cast<const T*>(node_->value) : nullptr;
  }

 private:
  friend class context;

  /// Takes a reference of its own.
  explicit context_value(const context_tree::value_node* n) noexcept : node_(n) { context_tree::retain(node_); }
  [[noreturn]] void fail(const std::type_info& wanted) const;

  const context_tree::value_node* node_ = nullptr;
};

}  // namespace warren
