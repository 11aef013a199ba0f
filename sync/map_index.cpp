// SPDX-License-Identifier: MIT
#include "map_index.hpp"

// Shards, each with a lock and a table of buckets of its own. A node says its hash and nothing else: what
// compares keys and copies values is user code, which must not run under a spinlock. So everybody takes hold
// of the nodes of a hash under the lock, looks at their keys without it, and a change is made only if, under
// the lock again, what it rests on still holds.
//
// Laws
//   * What stands in a shard, and the links of the nodes in it, are read and written under its lock. Memory
//     is asked for and given back, and nodes are dropped, when no lock is held. Lock order: clear() takes all
//     locks, by ascending number; everybody else takes one.
//   * A node is put in once and taken out once; the index holds it meanwhile. One that somebody holds has its
//     address for itself, so a pointer that is found again is the same node.
//   * A bucket is a range of hashes: those with the same upper bits. A table grows by another of twice the
//     size, into which each insertion moves two buckets; bucket b goes to 2b and 2b + 1. Up to `moved` they
//     are there, the others in the old one. So nobody ever waits for a whole table to be moved. It shrinks by
//     clear() alone.
//   * A walk goes through the ranges in order, under the lock for at most one batch. Growing splits ranges
//     and puts none before another; so no hash comes twice, and none that has a node all the time is left
//     out.

#include <algorithm>
#include <new>
#include <utility>

namespace warren::sync {

namespace {
constexpr int first_bits = 3;
constexpr int most_looks = 64;  // at buckets, while a walk has the lock
}  // namespace

// --- nodes in hands ------------------------------------------------------------------------------------

void map_nodes::drop_all() noexcept {
  while (size_ != 0) at_[--size_]->drop();
}

void map_nodes::make_room() {
  drop_all();
  many_ = std::make_unique<map_node*[]>(2 * capacity_);
  at_ = many_.get();
  capacity_ *= 2;
}

// --- a shard, its lock held ----------------------------------------------------------------------------

map_index::bucket map_index::shard::bucket_of(std::uint64_t hash) const noexcept {
  const std::size_t b = hash >> (64 - bits);
  if (larger == nullptr || b >= moved) return {&now[b], bits};
  return {&larger[hash >> (63 - bits)], bits + 1};
}

/// What points to the node; null if it is not there.
map_node** map_index::shard::link_to(const map_node* n) const noexcept {
  if (now == nullptr) return nullptr;
  map_node** link = bucket_of(n->hash_).first;
  while (*link != nullptr && *link != n) link = &(*link)->next_;
  return *link != nullptr ? link : nullptr;
}

/// Nodes stand in the order in which they were seen, and new ones before them. A bucket that was moved
/// meanwhile may have another order: then one that was seen is taken for one that was not, and the caller
/// looks again.
bool map_index::shard::has_unseen(std::uint64_t hash, const map_nodes& seen) const noexcept {
  if (now == nullptr) return false;
  map_node* const* known = seen.begin();
  for (const map_node* n = *bucket_of(hash).first; n != nullptr; n = n->next_) {
    if (n->hash_ != hash) continue;
    known = std::find(known, seen.end(), n);
    if (known++ == seen.end()) return true;
  }
  return false;
}

/// How many buckets are to be added before the next node; 0: none.
std::size_t map_index::shard::wanted() const noexcept {
  if (now == nullptr) return std::size_t{1} << first_bits;
  return larger == nullptr && size >= count() ? 2 * count() : 0;
}

void map_index::shard::adopt(buckets&& more) noexcept {
  if (now == nullptr) {
    now = std::move(more);
    bits = first_bits;
  } else {
    larger = std::move(more);
  }
}

void map_index::shard::put(map_node* n) noexcept {
  map_node** first = bucket_of(n->hash_).first;
  n->next_ = *first;
  *first = n;
  ++size;
}

/// Goes on growing, if it does. Returns: the old table, once it is empty.
map_index::buckets map_index::shard::move_some() noexcept {
  if (larger == nullptr) return nullptr;
  for (int i = 0; i < 2 && moved < count(); ++i) {
    map_node* n = std::exchange(now[moved++], nullptr);
    while (n != nullptr) {
      map_node* const next = n->next_;
      map_node*& first = larger[n->hash_ >> (63 - bits)];
      n->next_ = first;
      first = n;
      n = next;
    }
  }
  if (moved < count()) return nullptr;
  ++bits;
  moved = 0;
  return std::exchange(now, std::move(larger));
}

/// False: the next bucket alone has more than there is room for.
bool map_index::shard::gather(position& at, map_nodes& batch) const noexcept {
  for (int looks = 0; now != nullptr && looks < most_looks; ++looks) {
    const bucket b = bucket_of(at.hash);
    std::size_t nodes = 0;
    for (map_node* n = *b.first; n != nullptr; n = n->next_) nodes += n->hash_ >= at.hash;
    if (nodes > batch.room()) return !batch.empty();
    for (map_node* n = *b.first; n != nullptr; n = n->next_) {
      if (n->hash_ >= at.hash) batch.push_back(n);
    }
    at.hash = (at.hash | (~std::uint64_t{0} >> b.bits)) + 1;
    if (at.hash == 0) break;
  }
  if (now == nullptr || at.hash == 0) at = {at.shard + 1, 0};
  return true;
}

// --- the whole -----------------------------------------------------------------------------------------

void map_index::find(std::uint64_t hash, map_nodes& found) const {
  const shard& s = shard_of(hash);
  for (;;) {
    bool all = true;
    {
      runtime::spin_guard hold(s.lock);
      if (s.now == nullptr) return;
      for (map_node* n = *s.bucket_of(hash).first; n != nullptr && all; n = n->next_) {
        if (n->hash_ != hash) continue;
        all = found.room() != 0;
        if (all) found.push_back(n);
      }
    }
    if (all) return;
    found.make_room();
  }
}

bool map_index::insert(map_node* n, const map_nodes& seen) {
  shard& s = shard_of(n->hash_);
  buckets emptied, spare;
  std::size_t in_spare = 0;
  for (bool grows = true;;) {
    std::size_t wanted = 0;
    {
      runtime::spin_guard hold(s.lock);
      if (s.has_unseen(n->hash_, seen)) return false;
      wanted = s.wanted();
      if (wanted == 0 || wanted == in_spare || !grows) {
        if (wanted != 0 && wanted == in_spare) s.adopt(std::move(spare));
        s.put(n);
        emptied = s.move_some();
        return true;
      }
    }
    spare.reset(new (std::nothrow) map_node*[wanted]());
    in_spare = spare != nullptr ? wanted : 0;
    // Too little memory to grow: the buckets get longer. But there must be one.
    if (spare == nullptr && wanted == std::size_t{1} << first_bits) throw std::bad_alloc();
    grows = spare != nullptr;
  }
}

bool map_index::replace(map_node* old, map_node* by) noexcept {
  shard& s = shard_of(old->hash_);
  {
    runtime::spin_guard hold(s.lock);
    map_node** link = s.link_to(old);
    if (link == nullptr) return false;
    by->next_ = old->next_;
    *link = by;
  }
  old->drop();
  return true;
}

bool map_index::remove(map_node* old) noexcept {
  shard& s = shard_of(old->hash_);
  {
    runtime::spin_guard hold(s.lock);
    map_node** link = s.link_to(old);
    if (link == nullptr) return false;
    *link = old->next_;
    --s.size;
  }
  old->drop();
  return true;
}

void map_index::clear() noexcept {
  struct table {
    buckets at;
    std::size_t count = 0;
  };
  std::array<table, 2 * shard_count> taken;
  for (shard& s : shards_) s.lock.lock();
  auto next = taken.begin();
  for (shard& s : shards_) {
    *next++ = {std::move(s.now), s.count()};
    *next++ = {std::move(s.larger), 2 * s.count()};
    s.bits = 0;
    s.size = s.moved = 0;
  }
  for (shard& s : shards_) s.lock.unlock();
  for (const table& t : taken) {
    for (std::size_t i = 0; t.at != nullptr && i < t.count; ++i) {
      for (map_node* n = t.at[i]; n != nullptr;) std::exchange(n, n->next_)->drop();
    }
  }
}

bool map_index::next(position& at, map_nodes& batch) const {
  batch.drop_all();
  while (at.shard < shard_count) {
    const shard& s = shards_[at.shard];
    bool fits = true;
    {
      runtime::spin_guard hold(s.lock);
      fits = s.gather(at, batch);
    }
    if (!batch.empty()) return true;
    if (!fits) batch.make_room();
  }
  return false;
}

}  // namespace warren::sync
