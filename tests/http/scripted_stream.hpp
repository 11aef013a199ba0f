// SPDX-License-Identifier: MIT
#pragma once

// A stream that gives what it was told to, in the pieces it was told to, and then the end or an error.

#include <warren/net/addr.hpp>
#include <warren/net/eof.hpp>
#include <warren/net/stream.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren::tests {

class scripted_stream final : public net::stream {
 public:
  scripted_stream() = default;
  explicit scripted_stream(std::vector<std::string> pieces) { give(std::move(pieces)); }
  ~scripted_stream() override = default;

  void give(std::vector<std::string> pieces) {
    for (std::string& p : pieces) pieces_.push_back(std::move(p));
  }
  void give(std::string piece) { pieces_.push_back(std::move(piece)); }

  result<std::size_t> read(std::span<char> to) override {
    ++reads;
    while (!pieces_.empty() && pieces_.front().empty()) pieces_.pop_front();
    if (pieces_.empty()) return {0, at_end};
    std::string& piece = pieces_.front();
    const std::size_t n = std::min(to.size(), piece.size());
    std::memcpy(to.data(), piece.data(), n);
    piece.erase(0, n);
    return {n, nullptr};
  }

  /// What nobody has read.
  std::string left() const {
    std::string all;
    for (const std::string& p : pieces_) all += p;
    return all;
  }

  result<std::size_t> write(std::string_view text) override { return {text.size(), nullptr}; }
  result<std::size_t> write(std::string_view first, std::string_view second) override {
    return {first.size() + second.size(), nullptr};
  }
  error close() override { return nullptr; }
  error close_read() override { return nullptr; }
  error close_write() override { return nullptr; }
  error set_read_deadline(std::int64_t) override { return nullptr; }
  error set_write_deadline(std::int64_t) override { return nullptr; }
  net::addr local_addr() const override { return net::addr::of_pipe(); }
  net::addr remote_addr() const override { return net::addr::of_pipe(); }
  runtime::descriptor* descriptor() noexcept override { return nullptr; }

  error at_end = net::eof;
  int reads = 0;

 private:
  std::deque<std::string> pieces_;
};

}  // namespace warren::tests
