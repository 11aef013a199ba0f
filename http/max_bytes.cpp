// SPDX-License-Identifier: MIT
#include "max_bytes.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include "request.hpp"
#include "response_writer.hpp"

namespace warren::http {
namespace {

class limited final : public body_source {
 public:
  limited(response_writer& w, body from, std::int64_t limit)
      : w_(&w), from_(std::move(from)), limit_(limit), left_(limit) {}

  result<std::size_t> read(std::span<char> to) override {
    if (err_ != nil) return {0, err_};
    // One byte more than there may be tells that there is more.
    const auto room = static_cast<std::size_t>(left_) + 1;
    auto [n, err] = from_.read(to.first(std::min(to.size(), room)));
    if (n < room) {
      left_ -= static_cast<std::int64_t>(n);
      err_ = err;
      return {n, err};
    }
    return too_large();
  }

  warren::error close() override { return from_.close(); }
  std::int64_t length() const override { return from_.length(); }

 private:
  result<std::size_t> too_large() {
    w_->header().set("Connection", "close");
    err_ = body_too_large(limit_);
    return {static_cast<std::size_t>(std::exchange(left_, 0)), err_};
  }

  response_writer* w_;
  body from_;
  const std::int64_t limit_;
  std::int64_t left_;
  warren::error err_;  ///< what every further read gives
};

}  // namespace

std::string body_too_large::message() const { return "http: request body too large"; }

body max_bytes_body(response_writer& w, body b, std::int64_t limit) {
  return body(new limited(w, std::move(b), std::max<std::int64_t>(limit, 0)));
}

handler_func max_bytes(handler_func h, std::int64_t limit) {
  return [h = std::move(h), limit](response_writer& w, request& r) {
    request inner = r;
    inner.body = max_bytes_body(w, r.body, limit);
    h(w, inner);
  };
}

}  // namespace warren::http
