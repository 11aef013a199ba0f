// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "handler.hpp"
#include "pattern.hpp"

// Where a request goes, by its host, its method and the segments of its path, a level of the tree for each.
//
// Laws
//   * Nodes and routes are only ever added, and stay where they are until the tree goes. What is published is
//     complete, and nothing but its pointers ever changes, each once, from null. So readers take no lock.
//   * One thread adds at a time: that is up to the owner.
//   * Every pointer is stored with release and read with acquire; these pair with each other.
//   * The children of a node that have a text are a binary tree by the hash of that, and need no balance: a hash
//     comes in no order.
//   * On the levels of the host and of the method, "any" stands for patterns that have none.

namespace warren::http {

/// A pattern, what answers to it, and where the program said so.
struct route {
  pattern to;
  handler_func handler;
  std::string where;
};

class routing_node;

/// Which path is looked up: the one given, or that with a slash at its end, where it has none.
enum class ending : std::uint8_t { as_it_is, with_slash };

/// The patterns of one serve_mux.
class routing_tree {
 public:
  routing_tree();
  ~routing_tree();
  routing_tree(const routing_tree&) = delete;
  routing_tree& operator=(const routing_tree&) = delete;

  /// Returns: a route in conflict with the pattern, nullptr if there is none.
  const route* find_conflict(const pattern& p) const;

  /// Adds a route that is in conflict with none.
  void add(std::unique_ptr<const route> r);

  /// Returns: the route that goes before all others that match; nullptr if none does. `path` is escaped.
  const route* match(std::string_view host, std::string_view method, std::string_view path,
                     ending end = ending::as_it_is) const;

  /// Adds the methods with which the path would match, though not "any", in no order.
  void allowed_methods(std::string_view host, std::string_view path, ending end,
                       std::vector<std::string_view>& methods) const;

 private:
  const std::unique_ptr<routing_node> root_;
};

/// Takes the first segment, escaped as it is, from the front of a path that begins with a slash.
std::string_view take_segment(std::string_view& path) noexcept;

/// Returns: whether no wildcard for a rest stands for something: those that do leave it open whether the path with
/// a slash at its end means more. `p` matches the path.
bool is_exact_match(const pattern& p, std::string_view path, ending end = ending::as_it_is) noexcept;

}  // namespace warren::http
