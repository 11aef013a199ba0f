// SPDX-License-Identifier: MIT
#pragma once

// A key and its value in a context tree, typed by the template that makes it, untyped for all who look.

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "tree.hpp"

namespace warren::context_tree {

/// What compiled code knows of the type of a key or value. One constant a type: its address is the type's identity.
struct value_type {
  const std::type_info* info;
  std::string (*text)(const void*);  ///< null: printed as the name of the type
};

template <class T>
concept has_text = (std::is_class_v<T> || std::is_enum_v<T> || std::is_union_v<T>) && requires(const T& v) {
  { to_string(v) } -> std::convertible_to<std::string>;
};

template <class T>
constexpr auto text_function() noexcept -> std::string (*)(const void*) {
  if constexpr (std::same_as<T, std::string>) {
    return [](const void* v) { return *static_cast<const std::string*>(v); };
  } else if constexpr (has_text<T>) {
    return [](const void* v) { return std::string(to_string(*static_cast<const T*>(v))); };
  } else {
    return nullptr;
  }
}

template <class T>
inline constexpr value_type type_of{&typeid(T), text_function<T>()};

/// Text that another owns; kept as a std::string.
template <class T>
concept borrowed_text = std::same_as<std::decay_t<T>, const char*> || std::same_as<std::decay_t<T>, char*> ||
                        std::same_as<std::decay_t<T>, std::string_view>;

template <class T>
using stored_as = std::conditional_t<borrowed_text<T>, std::string, std::decay_t<T>>;

/// Whether `v` is nil: no key, and as a value the same as none.
template <class T>
constexpr bool is_nil(const T& v) noexcept {
  if constexpr (std::is_null_pointer_v<T>) {
    return true;
  } else if constexpr (std::is_pointer_v<T> && borrowed_text<T>) {
    return v == nullptr;
  } else {
    return false;
  }
}

struct value_node : node, channels::counted {
  /// `wanted` points to a key of the same type, or to a std::string_view if that is std::string.
  using equality = bool (*)(const void* key, const void* wanted);

  value_node(const value_type& key_is, equality eq, const value_type& value_is,
             void (*destroy_all)(value_node*) noexcept) noexcept;

  const value_type* const key_type;
  const value_type* const value_type_is;
  const equality equal;
  void (*const destroy)(value_node*) noexcept;
  const void* key = nullptr;
  const void* value = nullptr;          ///< null: nil was stored
  const value_node* outer = nullptr;    ///< the next one up
};

template <class Key>
bool equal_keys(const void* key, const void* wanted) {
  if constexpr (std::same_as<Key, std::string>) {
    return *static_cast<const std::string*>(key) == *static_cast<const std::string_view*>(wanted);
  } else {
    return *static_cast<const Key*>(key) == *static_cast<const Key*>(wanted);
  }
}

template <class Key, class Value>
struct stored_value final : value_node {
  template <class K, class V>
  stored_value(K&& k, V&& v)
      : value_node(type_of<Key>, equal_keys<Key>, type_of<Value>,
                   [](value_node* n) noexcept { delete static_cast<stored_value*>(n); }),
        own_key(std::forward<K>(k)),
        own_value(std::forward<V>(v)) {
    key = &own_key;
    if constexpr (!std::is_null_pointer_v<Value>) value = &own_value;
  }

  const Key own_key;
  const Value own_value;
};

}  // namespace warren::context_tree
