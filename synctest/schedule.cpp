// SPDX-License-Identifier: MIT
#include "schedule.hpp"

#include <algorithm>

#include "../runtime/goroutine.hpp"

namespace warren::synctest {

namespace {

constexpr std::uint64_t hash_begin = 0xCBF29CE484222325ULL;  // FNV-1a
constexpr std::uint64_t hash_factor = 0x100000001B3ULL;
constexpr std::uint64_t middle_rank = std::uint64_t{1} << 62;  // above: drawn by chance; below: fallen back

std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) noexcept {
  for (int i = 0; i < 8; ++i) hash = (hash ^ (value >> (8 * i) & 0xFF)) * hash_factor;
  return hash;
}

/// Neighbouring seeds have nothing in common (splitmix64: Steele, Lea, Flood 2014).
std::uint64_t spread(std::uint64_t z) noexcept {
  z += 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

/// Why it left off. A fresh one's kind is not its own.
runtime::wait_reason reason_of(const runtime::goroutine* g) noexcept {
  const runtime::park_kind* kind = g->kind;
  return g->stack_at == nullptr || kind == nullptr ? runtime::wait_reason::none : kind->reason;
}

}  // namespace

schedule::schedule(std::uint64_t max_steps) : max_steps_(max_steps) {}

std::uint64_t schedule::begin(std::uint64_t seed) {
  random_ = runtime::choice(spread(seed));
  ranked_ = seed % 2 == 0;
  lowest_rank_ = middle_rank;
  ranks_.clear();
  ready_.clear();
  steps_.clear();
  hash_ = hash_begin;
  const std::uint64_t librarys = random_.next();
  if (!ranked_) return librarys;
  // How long the run will be is not known beforehand, and must not be guessed from other runs: a seed stands for itself.
  const std::uint32_t length = 1u << (3 + random_.below(10));
  for (std::uint64_t& at : falls_) at = random_.below(length);
  return librarys;
}

std::uint64_t& schedule::rank_of(const runtime::goroutine* g) {
  if (g->id >= ranks_.size()) ranks_.resize(g->id + 1);
  std::uint64_t& rank = ranks_[g->id];
  if (rank == 0) rank = middle_rank + (random_.next() >> 2);
  return rank;
}

void schedule::became_ready(runtime::goroutine* g) noexcept {
  ready_.push_back({g, ranked_ ? rank_of(g) : 0});
  // Or one that gives way until another has done something would keep that one waiting for ever.
  if (ranked_ && reason_of(g) == runtime::wait_reason::gosched) let_fall(ready_.back());
}

void schedule::clock_jumped(std::int64_t ns) noexcept { record({0, ns, runtime::wait_reason::none, false}); }

std::size_t schedule::first_in_rank() const noexcept {
  const auto first =
      std::max_element(ready_.begin(), ready_.end(), [](const candidate& a, const candidate& b) { return a.rank < b.rank; });
  return static_cast<std::size_t>(first - ready_.begin());
}

void schedule::let_fall(candidate& c) noexcept { c.rank = rank_of(c.g) = --lowest_rank_; }

runtime::goroutine* schedule::next() noexcept {
  if (ready_.empty()) return nullptr;
  std::size_t at = 0;
  if (ranked_) {
    at = first_in_rank();
    for (const std::uint64_t fall : falls_) {
      if (fall != steps_.size()) continue;
      let_fall(ready_[at]);
      at = first_in_rank();
    }
  } else {
    at = random_.below(static_cast<std::uint32_t>(ready_.size()));
  }
  runtime::goroutine* g = ready_[at].g;
  ready_.erase(ready_.begin() + static_cast<std::ptrdiff_t>(at));
  record({g->id, 0, reason_of(g), g->stack_at == nullptr});
  return g;
}

void schedule::record(const step& s) noexcept {
  steps_.push_back(s);
  hash_ = mixed(mixed(hash_, s.goroutine << 8 | static_cast<std::uint64_t>(s.after)), static_cast<std::uint64_t>(s.jump));
}

std::string schedule::words(std::size_t most) const {
  std::string text;
  const std::size_t first = steps_.size() > most ? steps_.size() - most : 0;
  for (std::size_t i = first; i < steps_.size(); ++i) {
    const step& s = steps_[i];
    text += "step " + std::to_string(i + 1) + ": ";
    if (s.goroutine == 0) {
      text += "the clock jumps by " + std::to_string(s.jump) + " ns\n";
      continue;
    }
    text += "goroutine " + std::to_string(s.goroutine);
    if (s.begins) {
      text += " begins\n";
    } else if (s.after == runtime::wait_reason::preempted) {
      text += " goes on\n";
    } else if (s.after == runtime::wait_reason::gosched) {
      text += " goes on after gosched\n";
    } else {
      text += std::string(" goes on after ") + runtime::text_of(s.after) + "\n";
    }
  }
  return text;
}

}  // namespace warren::synctest
