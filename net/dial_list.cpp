// SPDX-License-Identifier: MIT
#include "dial_list.hpp"

#include <algorithm>
#include <utility>

#include "../channels/channel.hpp"
#include "../channels/select.hpp"
#include "../runtime/go.hpp"
#include "../sync/wait_group.hpp"
#include "net_error.hpp"

namespace warren::net {

std::optional<std::int64_t> partial_deadline(std::int64_t now, std::int64_t deadline, std::size_t left) noexcept {
  constexpr std::int64_t least = 2'000'000'000;
  const std::int64_t all = deadline - now;
  if (all <= 0) return std::nullopt;
  const std::int64_t part = std::max(all / static_cast<std::int64_t>(left), least);
  return now + std::min(all, part);
}

dial_plan plan_of(std::string_view network, bool both_families, std::vector<addr> addresses) {
  dial_plan plan{network, {}, {}};
  for (addr& a : addresses) {
    const bool first = plan.primaries.empty() || a.is_v4() == plan.primaries.front().is_v4();
    (first || !both_families ? plan.primaries : plan.fallbacks).push_back(std::move(a));
  }
  return plan;
}

namespace {

error dial_failed(std::string_view network, const addr& to, const error& why) {
  return errors::of<op_error>("dial", network, addr{}, to, mapped_context_error(why));
}

/// One address with its part of the time.
result<conn> dial_in_part(const context& ctx, const addr& to, std::int64_t until, std::int64_t deadline,
                          const dial_one& dial) {
  if (until >= deadline) return dial(ctx, to);
  const auto [part, cancel] = context::with_deadline(ctx, clock::time_point(clock::duration(until)));
  result<conn> r = dial(part, to);
  cancel();
  return r;
}

}  // namespace

result<conn> dial_serial(const context& ctx, std::string_view network, std::span<const addr> addresses,
                         const dial_one& dial) {
  error first;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const addr& to = addresses[i];
    if (const error err = ctx.err(); err != nil) return {conn{}, dial_failed(network, to, err)};
    std::int64_t deadline = runtime::never;
    std::int64_t until = runtime::never;
    if (const auto end = ctx.deadline()) {
      deadline = end->time_since_epoch().count();
      const auto part = partial_deadline(runtime::now_ns(), deadline, addresses.size() - i);
      if (!part) {
        return {conn{}, first != nil ? first : dial_failed(network, to, context::deadline_exceeded)};
      }
      until = *part;
    }
    auto [c, err] = dial_in_part(ctx, to, until, deadline, dial);
    if (err == nil) return {std::move(c), nil};
    if (first == nil) first = std::move(err);
  }
  return {conn{}, first};
}

namespace {

struct lap {
  conn c;
  error err;
  bool primary = false;
};

/// Two lists that are dialed at the same time. A connection that comes too late is closed with the channel it lies in.
class race {
 public:
  race(const context& ctx, const dial_plan& plan, const dial_one& dial) : plan_(plan), dial_(dial) {
    std::tie(ctx_, cancel_) = context::with_cancel(ctx);
  }

  void start(bool primary) {
    running_.go([this, primary] {
      const std::vector<addr>& list = primary ? plan_.primaries : plan_.fallbacks;
      auto [c, err] = dial_serial(ctx_, plan_.network, list, dial_);
      laps_.send(lap{std::move(c), std::move(err), primary});
    });
  }
  const chan<lap>& laps() const noexcept { return laps_; }

  /// Ends what still goes on.
  void stop() {
    cancel_();
    running_.wait();
  }

 private:
  const dial_plan& plan_;
  const dial_one& dial_;
  context ctx_;
  cancel_func cancel_;
  chan<lap> laps_ = make_chan<lap>(2);
  sync::wait_group running_;
};

/// The result that counts: the first connection, else what the primaries say.
result<conn> first_home(race& r, std::chrono::nanoseconds delay) {
  timer head_start(delay);
  bool both = false;
  error primary_error;
  for (int finished = 0;;) {
    lap l;
    if (select(recv(r.laps(), l), recv(both ? recv_chan<clock::time_point>() : head_start.c())) == 1) {
      both = true;
      r.start(false);
      continue;
    }
    if (l.err == nil) return {std::move(l.c), nil};
    if (l.primary) primary_error = std::move(l.err);
    if (++finished == 2) return {conn{}, primary_error};
    if (!both) {
      both = true;
      r.start(false);
    }
  }
}

}  // namespace

result<conn> dial_parallel(const context& ctx, const dial_plan& plan, std::chrono::nanoseconds delay,
                           const dial_one& dial) {
  if (plan.fallbacks.empty()) return dial_serial(ctx, plan.network, plan.primaries, dial);
  race r(ctx, plan, dial);
  r.start(true);
  result<conn> winner = first_home(r, delay);
  r.stop();
  return winner;
}

}  // namespace warren::net
