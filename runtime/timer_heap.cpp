// SPDX-License-Identifier: MIT
#include "timer_heap.hpp"

#include <utility>

namespace warren::runtime {

namespace {

/// Two roots (no sibling, no back) become one.
timer_node* meld(timer_node* a, timer_node* b) noexcept {
  if (a == nullptr) return b;
  if (b == nullptr) return a;
  if (b->when < a->when) std::swap(a, b);
  b->sibling = a->child;
  if (b->sibling != nullptr) b->sibling->back = b;
  b->back = a;
  a->child = b;
  return a;
}

/// A list of siblings becomes one root.
timer_node* meld_siblings(timer_node* first) noexcept {
  timer_node* pairs = nullptr;  // melded pairs, last first, by `sibling`
  while (first != nullptr) {
    timer_node* a = first;
    timer_node* b = a->sibling;
    first = b != nullptr ? b->sibling : nullptr;
    a->sibling = a->back = nullptr;
    if (b != nullptr) b->sibling = b->back = nullptr;
    timer_node* pair = meld(a, b);
    pair->sibling = pairs;
    pairs = pair;
  }
  timer_node* root = nullptr;
  while (pairs != nullptr) {
    timer_node* pair = pairs;
    pairs = pair->sibling;
    pair->sibling = nullptr;
    root = meld(root, pair);
  }
  return root;
}

}  // namespace

void timer_heap::publish() noexcept {
  const std::int64_t now_earliest = root_ != nullptr ? root_->when : never;
  if (now_earliest == earliest_.load(std::memory_order_relaxed)) return;
  // seq_cst: pairs with the load in earliest().
  earliest_.store(now_earliest, std::memory_order_seq_cst);
}

bool timer_heap::insert(timer_node& n, std::int64_t when) noexcept {
  spin_guard hold(lock_);
  n.when = when;
  n.child = n.sibling = n.back = nullptr;
  n.heap.store(this, std::memory_order_relaxed);
  size_.store(size_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  root_ = meld(root_, &n);
  if (root_ != &n) return false;
  publish();
  return true;
}

void timer_heap::unlink(timer_node& n) noexcept {
  timer_node* children = meld_siblings(n.child);
  if (&n == root_) {
    root_ = children;
  } else {
    (n.back->child == &n ? n.back->child : n.back->sibling) = n.sibling;
    if (n.sibling != nullptr) n.sibling->back = n.back;
    root_ = meld(root_, children);
  }
  n.child = n.sibling = n.back = nullptr;
  size_.store(size_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
}

void timer_heap::remove_locked(timer_node& n) noexcept {
  unlink(n);
  n.heap.store(nullptr, std::memory_order_relaxed);  // the owner itself is here, or the lock keeps it away
}

bool timer_heap::remove(timer_node& n) noexcept {
  spin_guard hold(lock_);
  if (n.heap.load(std::memory_order_relaxed) != this) return false;
  remove_locked(n);
  publish();
  return true;
}

void timer_heap::move_all_to(timer_heap& other) noexcept {
  spin_guard hold(lock_);
  spin_guard hold_other(other.lock_);
  while (timer_node* n = root_) {
    unlink(*n);
    // Never null in between: a disarm at this moment must not be told that the node is not armed.
    n->heap.store(&other, std::memory_order_relaxed);
    other.root_ = meld(other.root_, n);
    other.size_.store(other.size() + 1, std::memory_order_relaxed);
  }
  other.publish();
  publish();
}

int timer_heap::take_due(std::int64_t now, timer_node* (&due)[batch]) noexcept {
  spin_guard hold(lock_);
  int n = 0;
  while (n < batch && root_ != nullptr && root_->when <= now) {
    timer_node* node = root_;
    unlink(*node);
    if (node->kind->pin == nullptr || node->kind->pin(node)) due[n++] = node;
    // Last: an owner on its way out that finds the node in no heap does not come for the lock, and ends the node.
    // Release: pairs with the acquire in disarm().
    node->heap.store(nullptr, std::memory_order_release);
  }
  publish();
  return n;
}

int timer_heap::fire_due(std::int64_t now, goroutine_list& woken) noexcept {
  int fired = 0;
  // Into an array, not a chain through the nodes: an owner may arm its node again before its turn to fire comes.
  while (earliest_hint() <= now) {
    timer_node* due[batch];
    const int n = take_due(now, due);
    for (int i = 0; i < n; ++i) due[i]->kind->fire(due[i], now, woken);
    fired += n;
  }
  return fired;
}

}  // namespace warren::runtime
