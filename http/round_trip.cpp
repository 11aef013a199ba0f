// SPDX-License-Identifier: MIT
#include "round_trip.hpp"

#include <utility>

#include "connection_loan.hpp"
#include "exchange.hpp"
#include "request_check.hpp"

namespace warren::http {

namespace {

clock::time_point at(std::int64_t ns) noexcept { return clock::time_point(clock::duration(ns)); }

/// An idle connection, or one that has to be waited for.
result<connection_pool::owned> find_connection(connection_pool& pool, const destination& to, const context& ctx,
                                               std::int64_t deadline) {
  if (ctx.err() != nil) return {nullptr, context::cause(ctx)};
  if (auto idle = pool.take_idle(to); idle != nullptr) return {std::move(idle), nil};
  if (deadline == 0) return pool.wait_for(to, ctx);
  const auto [until, cancel] = context::with_deadline(ctx, at(deadline));
  auto found = pool.wait_for(to, until);
  cancel();
  return found;
}

result<response> attempts(const std::shared_ptr<connection_pool>& pool, request& r, std::int64_t deadline) {
  if (auto err = check_request(r); err != nil) return {nil, std::move(err)};
  const destination to(r.url.scheme == "https", r.url.host);
  const context ctx = r.ctx();
  for (;;) {
    auto [c, err] = find_connection(*pool, to, ctx, deadline);
    if (err != nil) return {nil, std::move(err)};
    exchange e(connection_loan(pool, std::move(c), ctx, deadline), r);
    auto answer = e.run();
    if (answer.err() == nil || !e.may_retry()) return answer;
  }
}

}  // namespace

result<response> round_trip(const std::shared_ptr<connection_pool>& pool, request& r, std::int64_t deadline) {
  auto answer = attempts(pool, r, deadline);
  if (answer.err() != nil) r.body.close();
  return answer;
}

}  // namespace warren::http
