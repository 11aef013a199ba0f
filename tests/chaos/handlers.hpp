// SPDX-License-Identifier: MIT
#pragma once

#include <warren/context/context.hpp>
#include <warren/http/handler.hpp>
#include <warren/sync/wait_group.hpp>

#include <atomic>
#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

namespace warren::tests {

/// Sees what the handlers of one server do.
class witness {
 public:
  /// A request's context: when its server has ended it must be done.
  context saw(context c);
  std::size_t contexts() const;
  std::size_t contexts_not_done() const;
  /// Something that must not happen; the first is kept.
  void object(std::string what);
  std::string objection() const;

  /// What handlers leave behind when the server does not know it any more.
  sync::wait_group strays;

 private:
  mutable std::mutex mutex_;
  std::vector<context> seen_;
  std::string objection_;
};

/// A mux of handlers that do all that a handler may do: see there.
http::handler_func handlers_of_all_kinds(witness& w);

/// The targets to which they are the answer, without a body, and with one.
extern const std::vector<std::string> targets_to_get;
extern const std::vector<std::string> targets_to_post;

}  // namespace warren::tests
