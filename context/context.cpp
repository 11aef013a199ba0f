// SPDX-License-Identifier: MIT
#include "context.hpp"

#include "../errors/panic.hpp"
#include "cancel_node.hpp"
#include "without_cancel_node.hpp"

namespace warren {

using context_tree::cancel_node;
using context_tree::deadline_node;
using context_tree::kind;
using context_tree::node;

namespace {

constinit node background_node(kind::background, nullptr);
constinit node todo_node(kind::todo, nullptr);

}  // namespace

std::string context_tree::deadline_error::message() const { return "context deadline exceeded"; }
bool context_tree::deadline_error::is_timeout() const { return true; }

context context::background() noexcept { return context(&background_node); }
context context::todo() noexcept { return context(&todo_node); }

// --- making contexts

node* context::checked_parent(const context& parent) {
  if (parent.node_ == nullptr) panic("cannot create context from nil parent");
  return parent.node_;
}

std::pair<context, cancel_func> context::with_cancel(const context& parent) {
  auto* made = new cancel_node(kind::cancel, checked_parent(parent));
  made->join();
  return {context(made), cancel_func(made)};
}

std::pair<context, cancel_cause_func> context::with_cancel_cause(const context& parent) {
  auto* made = new cancel_node(kind::cancel, checked_parent(parent));
  made->join();
  return {context(made), cancel_cause_func(made)};
}

std::pair<context, cancel_func> context::with_timeout_ns(const context& parent, std::int64_t ns, error cause) {
  const std::int64_t when = runtime::saturating_add(runtime::now_ns(), ns);
  return with_deadline_at(parent, clock::time_point(clock::duration(when)), std::move(cause));
}

std::pair<context, cancel_func> context::with_deadline_at(const context& parent, clock::time_point t, error cause) {
  const cancel_node* line = checked_parent(parent)->line;
  const std::int64_t when = t.time_since_epoch().count();
  if (line != nullptr && line->deadline() != cancel_node::no_deadline && line->deadline() < when) return with_cancel(parent);

  auto* made = new deadline_node(parent.node_, when, std::move(cause));
  std::pair<context, cancel_func> result{context(made), cancel_func(made)};
  // Armed while nobody else knows of it: so arming needs no lock.
  if (when > runtime::now_ns()) {
    made->arm();
    made->join();
  } else {
    made->join();
    made->cancel(made->why());
  }
  return result;
}

context context::without_cancel(const context& parent) {
  return context(new context_tree::without_cancel_node(checked_parent(parent)));
}

context context::below(node* parent, context_tree::value_node* made) noexcept {
  context_tree::retain(parent);
  made->grow_from(parent);
  made->outer = parent->values;
  made->values = made;
  return context(made);
}

void context::enlist(const context& ctx, context_tree::registration* r) {
  cancel_node* line = ctx.node_->line;
  if (line == nullptr || (!line->is_closed() && line->enlist(r))) return;
  if (!r->decide(context_tree::registration::progress::started)) return;
  r->retain();
  r->start();
}

bool context::stop_func::operator()() const {
  if (registration_ == nullptr) panic("runtime error: invalid memory address or nil pointer dereference");
  return cancel_node::stop(registration_);
}

// --- asking them

node* context::checked() const {
  if (node_ == nullptr) panic("runtime error: invalid memory address or nil pointer dereference");
  return node_;
}

recv_chan<void> context::done() const {
  cancel_node* line = checked()->line;
  channels::retain(line);
  return recv_chan<void>(channels::any_channel(line));
}

error context::err() const {
  const cancel_node* line = checked()->line;
  if (line == nullptr || !line->is_closed()) return nil;
  return line->timed_out() ? deadline_exceeded : canceled;
}

error context::cause(const context& ctx) {
  const cancel_node* line = ctx.checked()->line;
  if (line == nullptr || !line->is_closed()) return nil;
  return line->cause() != nil ? line->cause() : ctx.err();
}

std::optional<clock::time_point> context::deadline() const {
  const cancel_node* line = checked()->line;
  if (line == nullptr || line->deadline() == cancel_node::no_deadline) return std::nullopt;
  return clock::time_point(clock::duration(line->deadline()));
}

context_value context::find(const context_tree::value_type& key_type, const void* wanted) const {
  for (const context_tree::value_node* n = checked()->values; n != nullptr; n = n->outer) {
    if (n->key_type == &key_type && n->equal(n->key, wanted)) {
      return n->value != nullptr ? context_value(n) : context_value();
    }
  }
  return {};
}

}  // namespace warren
