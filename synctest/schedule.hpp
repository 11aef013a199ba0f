// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../runtime/choice.hpp"
#include "../runtime/closed_world.hpp"
#include "../runtime/wait_reason.hpp"

namespace warren::synctest {

/// Who goes next, drawn from a seed, and what came of it. Only the thread of the run touches it.
class schedule final : public runtime::chooser {
 public:
  /// `max_steps`: of a run.
  explicit schedule(std::uint64_t max_steps);
  /// For the next run. Returns: the seed of what the library draws by chance in it.
  std::uint64_t begin(std::uint64_t seed);

  void became_ready(runtime::goroutine* g) noexcept override;
  void clock_jumped(std::int64_t ns) noexcept override;
  runtime::goroutine* next() noexcept override;
  bool is_exhausted() const noexcept override { return steps_.size() >= max_steps_; }

  std::uint64_t size() const noexcept { return steps_.size(); }
  /// Of all its steps.
  std::uint64_t hash() const noexcept { return hash_; }
  /// The last `most` steps, a line each.
  std::string words(std::size_t most) const;

 private:
  struct step {
    std::uint64_t goroutine;  ///< 0: the clock jumped
    std::int64_t jump;
    runtime::wait_reason after;
    bool begins;
  };
  struct candidate {
    runtime::goroutine* g;
    std::uint64_t rank;
  };
  static constexpr int most_falls = 3;

  void record(const step& s) noexcept;
  std::uint64_t& rank_of(const runtime::goroutine* g);
  std::size_t first_in_rank() const noexcept;
  void let_fall(candidate& c) noexcept;

  const std::uint64_t max_steps_;
  runtime::choice random_;
  bool ranked_ = false;
  std::uint64_t lowest_rank_ = 0;  ///< the next that falls gets the one below
  std::uint64_t falls_[most_falls] = {};
  std::vector<std::uint64_t> ranks_;  ///< by goroutine; 0: none yet
  std::vector<candidate> ready_;
  std::vector<step> steps_;
  std::uint64_t hash_ = 0;
};

}  // namespace warren::synctest
