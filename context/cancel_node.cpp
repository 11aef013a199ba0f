// SPDX-License-Identifier: MIT
#include "cancel_node.hpp"

#include <utility>

#include "../channels/element.hpp"
#include "../runtime/clock.hpp"

namespace warren::context_tree {

// --- a node

cancel_node::cancel_node(kind k, node* above) noexcept
    : core(channels::element_of<void>, 0, nullptr, lost_last), node(k, this), child(sort::node) {
  context_tree::retain(above);
  grow_from(above);
  if (line != nullptr) deadline_ = line->deadline_;
  line = this;
}

void cancel_node::link(child* c) noexcept {
  c->prev = nullptr;
  c->next = children_;
  if (children_ != nullptr) children_->prev = c;
  children_ = c;
  c->linked.store(true, std::memory_order_relaxed);
}

void cancel_node::unlink(child* c) noexcept {
  (c->prev != nullptr ? c->prev->next : children_) = c->next;
  if (c->next != nullptr) c->next->prev = c->prev;
  // Release: pairs with the acquire in retire(); the child may be gone after this.
  c->linked.store(false, std::memory_order_release);
}

void cancel_node::join() noexcept {
  cancel_node* up = parent->line;
  if (up == nullptr) return;
  if (!up->is_closed()) {
    const runtime::spin_guard hold(up->lock_);
    if (!up->claimed_) return up->link(this);
  }
  cancel({up->timed_out_, up->cause_});
}

void cancel_node::cancel(const reason& why) noexcept {
  aftermath left;
  cancel(why, left);
  left.settle();
}

void cancel_node::cancel(const reason& why, aftermath& left) noexcept {
  if (is_closed()) return wait_for_walk();
  lock_.lock();
  if (claimed_) {
    lock_.unlock();
    return wait_for_walk();
  }
  claim(why, left.woken);
  const bool has_children = draining_.load(std::memory_order_relaxed);
  if (has_children) {
    retain();  // what is in the list has a reference to this node, so there is one
  } else {
    leave_parent_if_free();
  }
  lock_.unlock();
  if (has_children) walk_down(why, left);
}

/// The lock is held. The caller goes on with the children if draining_ is set now.
void cancel_node::claim(const reason& why, runtime::goroutine_list& woken) noexcept {
  claimed_ = true;
  timed_out_ = why.timed_out;
  if (why.cause != nil) cause_ = why.cause;
  if (children_ != nullptr) {
    draining_.store(true, std::memory_order_relaxed);
    walking_.lock();
  }
  if (what == kind::deadline) static_cast<deadline_node*>(this)->disarm();
  close_collecting(woken);
}

void cancel_node::wait_for_walk() noexcept {
  // Acquire: pairs with the release at the end of the walk; all below are canceled.
  if (!draining_.load(std::memory_order_acquire)) return;
  const runtime::spin_guard until_over(walking_);
}

/// No lock is held, and the parent is alive.
void cancel_node::leave_parent() noexcept {
  // Acquire: pairs with the release in unlink(); nobody looks at this node in the list any more.
  if (!linked.load(std::memory_order_acquire)) return;
  cancel_node* up = parent->line;
  const runtime::spin_guard hold(up->lock_);
  if (linked.load(std::memory_order_relaxed)) up->unlink(this);
}

/// The lock is held; the parent's would have to be taken first.
void cancel_node::leave_parent_if_free() noexcept {
  if (!linked.load(std::memory_order_relaxed)) return;
  cancel_node* up = parent->line;
  if (!up->lock_.try_lock()) return;  // then it stays listed until it ends, or the parent is canceled
  if (linked.load(std::memory_order_relaxed)) up->unlink(this);
  up->lock_.unlock();
}

/// Gives a reference back; what it was the last of is ended when no lock is held.
void cancel_node::drop_into(aftermath& left) noexcept {
  if (!drop(this)) return;
  walk_next_ = left.dead;
  left.dead = this;
}

void cancel_node::retire() noexcept {
  bool alone = false;
  {
    const runtime::spin_guard hold(lock_);
    if (!claimed_ && what == kind::deadline) static_cast<deadline_node*>(this)->disarm();
    claimed_ = true;
    // Acquire: pairs with the release in drop_canceler(); no handle of cancel is left, and none comes back.
    alone = holders_.load(std::memory_order_acquire) == 1;
  }
  leave_parent();
  cause_ = nil;
  if (alone) return free();
  if (drop_holder()) free_after_unlock();
}

/// Returns: whether it was the last, so that the caller has to free the memory.
bool cancel_node::drop_holder() noexcept {
  // Acquire, and acquire and release: pair with each other; what others did with the memory is over. Who is alone needs
  // no write.
  return holders_.load(std::memory_order_acquire) == 1 || holders_.fetch_sub(1, std::memory_order_acq_rel) == 1;
}

void cancel_node::free() noexcept {
  if (what == kind::deadline) {
    delete static_cast<deadline_node*>(this);
  } else {
    delete this;
  }
}

/// A handle that went may have been counted, or used for a cancel, by one who is still on the way out of the lock.
void cancel_node::free_after_unlock() noexcept {
  lock_.lock();
  lock_.unlock();
  free();
}

std::size_t cancel_node::count_children() noexcept {
  const runtime::spin_guard hold(lock_);
  std::size_t n = 0;
  for (const child* c = children_; c != nullptr; c = c->next) ++n;
  return n;
}

// --- deadlines

deadline_node::deadline_node(node* above, std::int64_t at, error cause) noexcept
    : cancel_node(kind::deadline, above), timer_node(firing), timeout_cause_(std::move(cause)) {
  deadline_ = at;
}

void deadline_node::arm() noexcept {
  if (expects_deadline()) runtime::arm(*this, deadline_);
}

constexpr runtime::timer_kind deadline_node::firing{
    [](runtime::timer_node* n) noexcept { return static_cast<deadline_node*>(n)->try_retain(); },
    [](runtime::timer_node* n, std::int64_t, runtime::goroutine_list& woken) noexcept {
      auto* self = static_cast<deadline_node*>(n);
      aftermath left;
      self->cancel(self->why(), left);
      self->drop_into(left);
      left.settle_apart();
      woken.append(std::move(left.woken));
    },
};

// --- registrations

bool cancel_node::enlist(registration* r) noexcept {
  const runtime::spin_guard hold(lock_);
  if (claimed_) return false;
  if (forsaken_.load(std::memory_order_relaxed)) {
    if (r->decide(registration::progress::forsaken)) r->forget();
    return true;
  }
  r->up = this;
  r->retain();
  retain();
  link(r);
  return true;
}

bool cancel_node::stop(registration* r) noexcept {
  if (!r->decide(registration::progress::stopped)) return r->stop_forsaken();
  cancel_node* up = r->up;
  if (up != nullptr) up->delist(r);
  r->forget();
  if (up != nullptr) up->release();
  return true;
}

/// Takes the registration out of the list, unless somebody has.
void cancel_node::delist(registration* r) noexcept {
  {
    const runtime::spin_guard hold(lock_);
    if (!r->linked.load(std::memory_order_relaxed)) return;
    unlink(r);
  }
  r->release();
}

// --- nodes that nothing can cancel any more

void cancel_node::drop_canceler() noexcept {
  if (is_closed()) {
    if (drop_holder()) free_after_unlock();
    return;
  }
  lock_.lock();
  // Acquire and release: pairs with the ones in drop_holder() and the acquire in retire(). Within the lock, so that the
  // parent's look at the count and this look at the parent exclude each other.
  const bool was_last = holders_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  const bool has_children = !was_last && forsake();
  lock_.unlock();
  if (was_last) return free();
  if (has_children) forsake_children();
}

bool cancel_node::expects_deadline() const noexcept {
  return what == kind::deadline && deadline_ != runtime::never;
}

/// The lock is held. Marks the node if nothing can cancel it any more. Returns: whether its children are to be asked;
/// then a reference is held for that.
bool cancel_node::forsake() noexcept {
  if (claimed_ || holders_.load(std::memory_order_relaxed) != 1 || expects_deadline()) return false;
  // Either its own last handle or the parent's end brings it about, and one alone goes on with the children.
  if (forsaken_.load(std::memory_order_relaxed)) return false;
  const cancel_node* up = parent->line;
  // Relaxed: what orders the two is this node's lock, see the laws.
  if (up != nullptr && !up->forsaken_.load(std::memory_order_relaxed)) return false;
  forsaken_.store(true, std::memory_order_relaxed);
  if (children_ == nullptr) return false;
  retain();  // what is in the list has a reference, so there is one
  return true;
}

/// Takes children out of the list of a forsaken node, up to a registration, which is the caller's then; null when none is
/// left. Nodes that are forsaken with it, and have children, are put behind `last`.
registration* cancel_node::next_forsaken(cancel_node*& last) noexcept {
  const runtime::spin_guard hold(lock_);
  while (child* c = children_) {
    if (c->is == sort::registration) {
      auto* r = static_cast<registration*>(c);
      unlink(r);
      if (r->decide(registration::progress::forsaken)) return r;
      r->release();
      continue;
    }
    auto* m = static_cast<cancel_node*>(c);
    {
      const runtime::spin_guard hold_child(m->lock_);
      if (m->forsake()) {
        m->walk_next_ = nullptr;
        last->walk_next_ = m;
        last = m;
      }
    }
    unlink(m);
  }
  return nullptr;
}

/// The node is forsaken, and a reference is held, which is given back.
void cancel_node::forsake_children() noexcept {
  aftermath left;
  cancel_node* last = this;
  walk_next_ = nullptr;
  for (cancel_node* n = this; n != nullptr; n = n->walk_next_) {
    while (registration* r = n->next_forsaken(last)) {
      r->forget();
      r->release();
      n->drop_into(left);
    }
  }
  for (cancel_node* n = this; n != nullptr;) {
    cancel_node* const after = n->walk_next_;
    n->drop_into(left);
    n = after;
  }
  left.settle();
}

}  // namespace warren::context_tree
