// SPDX-License-Identifier: MIT
#include "explore.hpp"

#include <cstdlib>
#include <exception>

#include "../runtime/closed_world.hpp"
#include "../runtime/crash.hpp"
#include "../runtime/report.hpp"
#include "../runtime/run.hpp"
#include "../runtime/system.hpp"
#include "closed_test.hpp"
#include "schedule.hpp"

namespace warren::synctest {

namespace {

constexpr std::size_t steps_told = 100;

/// Of the run that is going on, for the report that may end it.
constinit std::uint64_t current_seed = 0;

/// While it lives, a report that ends the process says under which seed.
class seed_in_reports {
 public:
  seed_in_reports() noexcept {
    runtime::set_last_words([](runtime::text_writer& out) noexcept {
      out << "\nsynctest: seed " << current_seed << "; again with WARREN_SEED=" << current_seed << " (warren " WARREN_VERSION ")\n";
    });
  }
  ~seed_in_reports() { runtime::set_last_words(nullptr); }
  seed_in_reports(const seed_in_reports&) = delete;
  seed_in_reports& operator=(const seed_in_reports&) = delete;
};

std::string text_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

std::uint64_t number_in(const char* seed) {
  char* end = nullptr;
  const std::uint64_t n = std::strtoull(seed, &end, 0);
  if (end == seed || *end != '\0') throw std::logic_error("synctest: WARREN_SEED is no number: " + std::string(seed));
  return n;
}

class explorer {
 public:
  explorer(const explore_options& options, const test_body& body)
      : options_(options), body_(body), schedule_(options.max_steps) {}

  void run(std::uint64_t seed) {
    run_once(seed);
    const std::uint64_t hash = schedule_.hash();
    if (options_.twice) {
      run_once(seed);
      if (schedule_.hash() != hash) fail(seed, "the same seed made another schedule: the body depends on more than it");
    }
    done_.hash = done_.hash * 31 + hash;
  }

  const exploration& done() const noexcept { return done_; }

 private:
  void run_once(std::uint64_t seed) {
    current_seed = seed;
    const std::uint64_t librarys = schedule_.begin(seed);
    runtime::closed_world world{first_moment, &schedule_, librarys};
    closed_test t(body_, world);
    run_options options;
    options.signal_handlers = false;  // explore_body() has them for all runs
    t.run(options);
    ++done_.runs;
    done_.steps += schedule_.size();
    if (options_.trace != nullptr) *options_.trace = schedule_.words(SIZE_MAX);
    if (t.failure()) fail(seed, text_of(t.failure()));
    if (world.ending != runtime::world_end::by_itself) fail(seed, runtime::text_of(world.ending));
    if (options_.has_failed && options_.has_failed()) fail(seed, "a check of the body failed");
  }

  [[noreturn]] void fail(std::uint64_t seed, const std::string& why) const {
    const std::string number = std::to_string(seed);
    std::string text = why + "\nsynctest: seed " + number + ", run " + std::to_string(done_.runs) + "; again with WARREN_SEED=" +
                       number + " (warren " WARREN_VERSION ")\n";
    if (schedule_.size() > steps_told) text += "the last of its " + std::to_string(schedule_.size()) + " steps:\n";
    throw schedule_failure(seed, text + schedule_.words(steps_told));
  }

  const explore_options& options_;
  const test_body& body_;
  schedule schedule_;
  exploration done_;
};

}  // namespace

exploration explore_body(const explore_options& options, const test_body& body) {
  const runtime::crash_handlers handlers;
  const seed_in_reports named;
  explorer e(options, body);
  if (const char* only = runtime::sys::environment("WARREN_SEED")) {
    e.run(number_in(only));
    return e.done();
  }
  for (std::uint64_t i = 0; i < options.seeds; ++i) e.run(options.first_seed + i);
  return e.done();
}

}  // namespace warren::synctest
