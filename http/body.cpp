// SPDX-License-Identifier: MIT
#include "body.hpp"

#include <algorithm>
#include <cstring>

#include "../net/eof.hpp"

namespace warren::http {

namespace {

/// A text that is there in whole. As with all sources one reads it at a time.
class text_source final : public body_source {
 public:
  explicit text_source(std::string text) noexcept : text_(std::move(text)) {}

  result<std::size_t> read(std::span<char> to) override {
    if (to.empty()) return {0, nullptr};
    const std::string_view rest = left();
    if (rest.empty()) return {0, net::eof};
    const std::size_t n = std::min(to.size(), rest.size());
    std::memcpy(to.data(), rest.data(), n);
    read_ += n;
    return {n, nullptr};
  }
  warren::error close() override { return nullptr; }
  std::int64_t length() const override { return static_cast<std::int64_t>(text_.size()); }
  std::optional<std::string_view> text() const override { return left(); }
  bool rewind() override {
    read_ = 0;
    return true;
  }

 private:
  std::string_view left() const noexcept { return std::string_view(text_).substr(read_); }

  std::string text_;
  std::size_t read_ = 0;
};

}  // namespace

body::body(std::string text) : source_(new text_source(std::move(text))) {}

result<std::size_t> body::read(std::span<char> to) const {
  if (source_ == nullptr) return {0, net::eof};
  return source_->read(to);
}

warren::error body::close() const { return source_ == nullptr ? nullptr : source_->close(); }

result<std::string> read_all(const body& b) {
  constexpr std::size_t first = 512;
  std::string all;
  const std::int64_t length = b.length();
  // One byte more than what is said to come, so that the last read meets the end. What is said is not believed further.
  constexpr std::int64_t believed = 1 << 20;
  std::size_t room = length > 0 ? static_cast<std::size_t>(std::min(length, believed)) + 1 : first;
  for (std::size_t used = 0;;) {
    if (all.size() == used) all.resize(used + room);
    auto [n, err] = b.read(std::span<char>(all.data() + used, all.size() - used));
    used += n;
    room = used;
    if (err == nullptr) continue;
    all.resize(used);
    if (err == net::eof) return {std::move(all), nullptr};
    return {std::move(all), std::move(err)};
  }
}

}  // namespace warren::http
