// SPDX-License-Identifier: MIT
#pragma once

// Laws
//   * An entry does not change once it is in the index: another value for its key is another entry.
//   * A key has at most one entry: who inserts one has compared the key with those of all entries of its
//     hash.
//   * Hash, equality, copies and destructors of K and V run with entries in hand and no lock held. They may
//     throw, wait, or use the map. What they decide is tried on the index, and decided anew if the entry in
//     question has gone.
//   * What may throw is done before the map is changed.

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "map_index.hpp"

namespace warren::sync {

/// A map that any goroutine or thread may use at any time.
///
/// It never switches by itself, and calls no function of K, V or its user while it holds a lock. Each method
/// takes effect at one moment, but for range(). Values are copied out: a big one is best a `std::shared_ptr`.
/// What is destroyed is destroyed by the last of those who look at it, in whatever call that is.
/// Order: a change happens before what sees it.
/// Source: Go sync.Map.
template <class K, class V, class Hash = std::hash<K>, class Equal = std::equal_to<K>>
class map {
 public:
  constexpr map() = default;
  map(const map&) = delete;
  map& operator=(const map&) = delete;

  /// Returns: the value of the key and true; `V{}` and false if it has none.
  std::pair<V, bool> load(const K& key) const;

  /// Gives the key this value.
  void store(K key, V value);

  /// Gives the key this value unless it has one. Returns: the value it has then, and whether it had it
  /// before.
  std::pair<V, bool> load_or_store(K key, V value);

  /// Takes the key out. Returns: as load, before that.
  std::pair<V, bool> load_and_delete(const K& key);

  /// Takes the key out, if it is there. (Go: Delete.)
  void delete_(const K& key);

  /// Gives the key this value. Returns: as load, before that.
  std::pair<V, bool> swap(K key, V value);

  /// Gives the key another value if it has one that equals `old`. Returns: whether it did.
  bool compare_and_swap(const K& key, const V& old, V value)
    requires std::equality_comparable<V>;

  /// Takes the key out if it has a value that equals `old`. Returns: whether it did.
  bool compare_and_delete(const K& key, const V& old)
    requires std::equality_comparable<V>;

  /// Calls f(key, value), both const, for each key, until f returns false; f may as well return nothing. It
  /// may use the map.
  ///
  /// No key comes twice. One that is there all the time comes; one that is stored or taken out meanwhile, by
  /// f or by others, comes or not, with any of the values that it has had since range() was called.
  template <class F>
    requires std::invocable<F&, const K&, const V&>
  void range(F&& f) const;

  /// Takes all keys out.
  void clear() noexcept { index_.clear(); }

 private:
  struct entry final : map_node {
    entry(std::uint64_t hash, K&& k, V&& v) : map_node(hash), key(std::move(k)), value(std::move(v)) {}
    const K key;
    const V value;
  };

  static std::pair<V, bool> copied(const entry* e);
  std::uint64_t hash_of(const K& key) const;
  std::unique_ptr<entry> make(K&& key, V&& value) const;
  entry* find(const K& key, std::uint64_t hash, map_nodes& found) const;
  bool put(std::unique_ptr<entry>& made, entry* old, const map_nodes& seen);

  [[no_unique_address]] Hash hash_;
  [[no_unique_address]] Equal equal_;
  map_index index_;
};

template <class K, class V, class Hash, class Equal>
std::pair<V, bool> map<K, V, Hash, Equal>::copied(const entry* e) {
  static_assert(std::is_default_constructible_v<V>,
                "sync::map: for a key that is not there V{} is returned, so V needs a default constructor");
  static_assert(std::is_copy_constructible_v<V>,
                "sync::map: a value is copied out; what cannot be copied is best shared");
  if (e == nullptr) return {V{}, false};
  return {e->value, true};
}

/// std::hash of a number is the number: its bits must reach both ends of the word.
/// Source: the last steps of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number
/// generators").
template <class K, class V, class Hash, class Equal>
std::uint64_t map<K, V, Hash, Equal>::hash_of(const K& key) const {
  std::uint64_t x = hash_(key);
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

template <class K, class V, class Hash, class Equal>
auto map<K, V, Hash, Equal>::make(K&& key, V&& value) const -> std::unique_ptr<entry> {
  const std::uint64_t hash = hash_of(key);
  return std::make_unique<entry>(hash, std::move(key), std::move(value));
}

/// Fills `found` with the entries of that hash. Returns: the one of the key, or null.
template <class K, class V, class Hash, class Equal>
auto map<K, V, Hash, Equal>::find(const K& key, std::uint64_t hash, map_nodes& found) const -> entry* {
  found.drop_all();
  index_.find(hash, found);
  for (map_node* n : found) {
    auto* e = static_cast<entry*>(n);
    if (equal_(e->key, key)) return e;
  }
  return nullptr;
}

/// In the place of `old`, or as the first for its key when that is null. Returns: whether what find() gave
/// still holds.
template <class K, class V, class Hash, class Equal>
bool map<K, V, Hash, Equal>::put(std::unique_ptr<entry>& made, entry* old, const map_nodes& seen) {
  const bool done = old != nullptr ? index_.replace(old, made.get()) : index_.insert(made.get(), seen);
  if (done) made.release();
  return done;
}

template <class K, class V, class Hash, class Equal>
std::pair<V, bool> map<K, V, Hash, Equal>::load(const K& key) const {
  map_nodes found;
  return copied(find(key, hash_of(key), found));
}

template <class K, class V, class Hash, class Equal>
void map<K, V, Hash, Equal>::store(K key, V value) {
  std::unique_ptr<entry> made = make(std::move(key), std::move(value));
  map_nodes found;
  while (!put(made, find(made->key, made->hash(), found), found)) {
  }
}

template <class K, class V, class Hash, class Equal>
std::pair<V, bool> map<K, V, Hash, Equal>::swap(K key, V value) {
  std::unique_ptr<entry> made = make(std::move(key), std::move(value));
  map_nodes found;
  for (;;) {
    entry* old = find(made->key, made->hash(), found);
    std::pair<V, bool> previous = copied(old);
    if (put(made, old, found)) return previous;
  }
}

template <class K, class V, class Hash, class Equal>
std::pair<V, bool> map<K, V, Hash, Equal>::load_or_store(K key, V value) {
  map_nodes found;
  if (const entry* e = find(key, hash_of(key), found)) return copied(e);
  std::unique_ptr<entry> made = make(std::move(key), std::move(value));
  std::pair<V, bool> actual(made->value, false);
  while (!put(made, nullptr, found)) {
    if (const entry* e = find(made->key, made->hash(), found)) return copied(e);
  }
  return actual;
}

template <class K, class V, class Hash, class Equal>
std::pair<V, bool> map<K, V, Hash, Equal>::load_and_delete(const K& key) {
  const std::uint64_t hash = hash_of(key);
  map_nodes found;
  for (;;) {
    entry* old = find(key, hash, found);
    std::pair<V, bool> previous = copied(old);
    if (old == nullptr || index_.remove(old)) return previous;
  }
}

template <class K, class V, class Hash, class Equal>
void map<K, V, Hash, Equal>::delete_(const K& key) {
  const std::uint64_t hash = hash_of(key);
  map_nodes found;
  for (;;) {
    entry* old = find(key, hash, found);
    if (old == nullptr || index_.remove(old)) return;
  }
}

template <class K, class V, class Hash, class Equal>
bool map<K, V, Hash, Equal>::compare_and_swap(const K& key, const V& old, V value)
  requires std::equality_comparable<V>
{
  const std::uint64_t hash = hash_of(key);
  map_nodes found;
  std::unique_ptr<entry> made;
  for (;;) {
    entry* e = find(key, hash, found);
    if (e == nullptr || !(e->value == old)) return false;
    if (made == nullptr) made = std::make_unique<entry>(hash, K(e->key), std::move(value));
    if (put(made, e, found)) return true;
  }
}

template <class K, class V, class Hash, class Equal>
bool map<K, V, Hash, Equal>::compare_and_delete(const K& key, const V& old)
  requires std::equality_comparable<V>
{
  const std::uint64_t hash = hash_of(key);
  map_nodes found;
  for (;;) {
    entry* e = find(key, hash, found);
    if (e == nullptr || !(e->value == old)) return false;
    if (index_.remove(e)) return true;
  }
}

template <class K, class V, class Hash, class Equal>
template <class F>
  requires std::invocable<F&, const K&, const V&>
void map<K, V, Hash, Equal>::range(F&& f) const {
  map_index::position at;
  map_nodes batch;
  while (index_.next(at, batch)) {
    for (const map_node* n : batch) {
      const auto* e = static_cast<const entry*>(n);
      if constexpr (std::is_void_v<std::invoke_result_t<F&, const K&, const V&>>) {
        std::invoke(f, e->key, e->value);
      } else if (!std::invoke(f, e->key, e->value)) {
        return;
      }
    }
  }
}

}  // namespace warren::sync
