// SPDX-License-Identifier: MIT

// A cancel on its way down the tree, and what it leaves to be done.

#include <utility>

#include "../runtime/go.hpp"
#include "../runtime/park.hpp"
#include "cancel_node.hpp"

namespace warren::context_tree {

class cancel_node::walk {
 public:
  walk(const reason& why, aftermath& left) noexcept : why_(why), left_(left) {}

  /// The root is claimed, has children, and a reference that the walk gives back.
  void down_from(cancel_node* root) noexcept {
    first_ = last_ = root;
    root->walk_next_ = nullptr;
    for (cancel_node* n = root; n != nullptr; n = n->walk_next_) {
      while (drain_some(*n)) {
      }
    }
    wait_for_others();
    root->leave_parent();
    finish();
  }

 private:
  /// Returns: whether there are children left.
  bool drain_some(cancel_node& n) noexcept {
    const runtime::spin_guard hold(n.lock_);
    for (int i = 0; i < batch && n.children_ != nullptr; ++i) {
      if (n.children_->is == sort::registration) {
        take(n, static_cast<registration&>(*n.children_));
      } else {
        visit(n, static_cast<cancel_node&>(*n.children_));
      }
    }
    return n.children_ != nullptr;
  }

  void take(cancel_node& n, registration& r) noexcept {
    n.unlink(&r);
    if (!r.decide(registration::progress::started)) return r.release();
    r.next = left_.started;
    left_.started = &r;
  }

  void visit(cancel_node& n, cancel_node& m) noexcept {
    bool walked_by_another = false;
    {
      const runtime::spin_guard hold(m.lock_);
      if (!m.claimed_) {
        m.claim(why_, left_.woken);
        if (m.draining_.load(std::memory_order_relaxed)) append(m);
      } else if (m.draining_.load(std::memory_order_relaxed)) {
        walked_by_another = m.try_retain();
      }
    }
    n.unlink(&m);  // it may be gone now, if it was not retained
    if (!walked_by_another) return;
    m.next = others_;
    others_ = &m;
  }

  /// What is in its list has a reference to it, so there is one.
  void append(cancel_node& m) noexcept {
    m.retain();
    m.walk_next_ = nullptr;
    last_->walk_next_ = &m;
    last_ = &m;
  }

  void wait_for_others() noexcept {
    while (others_ != nullptr) {
      auto* m = static_cast<cancel_node*>(others_);
      others_ = m->next;
      m->wait_for_walk();
      m->drop_into(left_);
    }
  }

  void finish() noexcept {
    for (cancel_node* n = first_; n != nullptr;) {
      cancel_node* const next = n->walk_next_;
      // Release: pairs with the acquire in wait_for_walk().
      n->draining_.store(false, std::memory_order_release);
      n->walking_.unlock();
      n->drop_into(left_);
      n = next;
    }
  }

  static constexpr int batch = 64;  ///< children looked at in one hold of a lock

  const reason& why_;
  aftermath& left_;
  cancel_node* first_ = nullptr;  ///< those with children, by walk_next_
  cancel_node* last_ = nullptr;
  child* others_ = nullptr;       ///< those in whose subtree another walk is under way, by next
};

void cancel_node::walk_down(const reason& why, aftermath& left) noexcept { walk(why, left).down_from(this); }

void aftermath::settle() noexcept {
  if (!woken.empty()) runtime::ready(std::move(woken));
  start_all();
  end_all(dead);
}

void aftermath::settle_apart() noexcept {
  start_all();
  if (dead != nullptr) go(end_all, dead);
}

void aftermath::end_all(cancel_node* dead) noexcept {
  while (dead != nullptr) {
    cancel_node* n = dead;
    dead = n->walk_next_;
    end(n);
  }
}

void aftermath::start_all() noexcept {
  while (started != nullptr) {
    registration* r = started;
    started = static_cast<registration*>(r->next);
    cancel_node* up = r->up;
    r->start();
    up->drop_into(*this);
  }
}

}  // namespace warren::context_tree
