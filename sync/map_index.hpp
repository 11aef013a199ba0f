// SPDX-License-Identifier: MIT
#pragma once

// Where a sync::map finds its entries: by their hashes alone, so that it runs no code but its own. The laws
// stand in map_index.cpp.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "../runtime/spinlock.hpp"

namespace warren::sync {

/// What an entry is for the index. What derives from it does not change.
class map_node {
 public:
  explicit map_node(std::uint64_t hash) noexcept : hash_(hash) {}
  virtual ~map_node() = default;
  map_node(const map_node&) = delete;
  map_node& operator=(const map_node&) = delete;

  std::uint64_t hash() const noexcept { return hash_; }

  /// One holds it more. For who knows that it is held.
  void hold() noexcept { holders_.fetch_add(1, std::memory_order_relaxed); }
  /// One holds it less; nobody any more: it is gone.
  void drop() noexcept {
    // Release, and acquire for the last: pairs with itself in the others' calls; they have looked at it
    // before it goes.
    if (holders_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  friend class map_index;

  const std::uint64_t hash_;
  map_node* next_ = nullptr;  ///< in its bucket
  std::atomic<std::uint32_t> holders_{1};
};

/// Nodes that are held while somebody looks at them.
class map_nodes {
 public:
  map_nodes() noexcept {}  // `few_` is not filled
  ~map_nodes() { drop_all(); }
  map_nodes(const map_nodes&) = delete;
  map_nodes& operator=(const map_nodes&) = delete;

  map_node* const* begin() const noexcept { return at_; }
  map_node* const* end() const noexcept { return at_ + size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::size_t room() const noexcept { return capacity_ - size_; }

  /// Holds it. There must be room.
  void push_back(map_node* n) noexcept {
    n->hold();
    at_[size_++] = n;
  }
  void drop_all() noexcept;
  /// Drops all, and makes room for twice as many. Throws: std::bad_alloc.
  void make_room();

 private:
  std::size_t size_ = 0;
  std::size_t capacity_ = 32;
  map_node* few_[32];
  map_node** at_ = few_;
  std::unique_ptr<map_node*[]> many_;
};

/// Owns the nodes that are in it. Any thread may call all of it at any time; nothing of it ever switches.
class map_index {
 public:
  constexpr map_index() noexcept = default;
  ~map_index() { clear(); }
  map_index(const map_index&) = delete;
  map_index& operator=(const map_index&) = delete;

  /// Fills `found`, which is empty, with all nodes of that hash. Throws: std::bad_alloc if they are many.
  void find(std::uint64_t hash, map_nodes& found) const;

  /// Puts n in, unless there is a node of its hash that was not `seen`.
  /// Returns: whether it did; if not, n is still the caller's. Throws: std::bad_alloc, with nothing changed.
  bool insert(map_node* n, const map_nodes& seen);

  /// Puts `by`, of the same hash, in the place of `old`, which the caller holds, if that is still there.
  /// Returns: whether it did; if not, `by` is still the caller's.
  bool replace(map_node* old, map_node* by) noexcept;

  /// Takes the node out, which the caller holds, if it is still there. Returns: whether it was.
  bool remove(map_node* old) noexcept;

  /// Takes all out, at one moment.
  void clear() noexcept;

  /// How far a walk over all nodes has come: by shards, and in each by ascending hashes.
  struct position {
    std::uint32_t shard = 0;
    std::uint64_t hash = 0;
  };
  /// Fills `batch` anew with some nodes that lie behind the position, and moves that. A hash is met once; one
  /// that has a node all the time is met. Returns: false if there are none left. Throws: std::bad_alloc.
  bool next(position& at, map_nodes& batch) const;

 private:
  using buckets = std::unique_ptr<map_node*[]>;

  struct bucket {
    map_node** first;
    int bits;  ///< so many, the upper ones, are the same in all its hashes
  };

  struct alignas(64) shard {
    bucket bucket_of(std::uint64_t hash) const noexcept;
    map_node** link_to(const map_node* n) const noexcept;
    bool has_unseen(std::uint64_t hash, const map_nodes& seen) const noexcept;
    bool gather(position& at, map_nodes& batch) const noexcept;
    std::size_t count() const noexcept { return std::size_t{1} << bits; }
    std::size_t wanted() const noexcept;
    void adopt(buckets&& more) noexcept;
    void put(map_node* n) noexcept;
    [[nodiscard]] buckets move_some() noexcept;

    mutable runtime::spinlock lock;
    int bits = 0;           ///< of the number of buckets
    std::size_t size = 0;   ///< nodes
    std::size_t moved = 0;  ///< buckets that are in `larger` already
    buckets now;            ///< none before the first node
    buckets larger;         ///< twice as many, while it grows
  };

  static constexpr std::uint32_t shard_count = 32;

  // By the lower bits; the upper ones choose the bucket.
  shard& shard_of(std::uint64_t hash) noexcept { return shards_[hash % shard_count]; }
  const shard& shard_of(std::uint64_t hash) const noexcept { return shards_[hash % shard_count]; }

  std::array<shard, shard_count> shards_;
};

}  // namespace warren::sync
