// SPDX-License-Identifier: MIT
#pragma once

// A connection of which somebody has read ahead: its first reads give what was read, then it is the connection again.
//
// Laws
//   * `left_` only shrinks; it and `prefix_` are read and changed under `lock_`. `drained_` is the same as "left_ is
//     empty", for a look without the lock: it goes from false to true once.

#include <atomic>
#include <string>
#include <string_view>
#include <utility>

#include "../runtime/spinlock.hpp"
#include "conn.hpp"
#include "stream.hpp"

namespace warren::net {

class prefixed_stream final : public stream {
 public:
  prefixed_stream(conn c, std::string prefix)
      : conn_(std::move(c)), prefix_(std::move(prefix)), left_(prefix_), drained_(prefix_.empty()) {}

  result<std::size_t> read(std::span<char> to) override;
  result<std::size_t> write(std::string_view text) override { return conn_.write(text); }
  result<std::size_t> write(std::string_view first, std::string_view second) override {
    return conn_.write(first, second);
  }
  error close() override { return conn_.close(); }
  error close_read() override { return conn_.close_read(); }
  error close_write() override { return conn_.close_write(); }
  error set_read_deadline(std::int64_t when) override { return conn_.behind()->set_read_deadline(when); }
  error set_write_deadline(std::int64_t when) override { return conn_.behind()->set_write_deadline(when); }
  addr local_addr() const override { return conn_.local_addr(); }
  addr remote_addr() const override { return conn_.remote_addr(); }
  runtime::descriptor* descriptor() noexcept override { return conn_.behind()->descriptor(); }
  bool has_buffered() const noexcept override {
    // Relaxed: what is read is looked at under the lock.
    return !drained_.load(std::memory_order_relaxed) || conn_.behind()->has_buffered();
  }

 private:
  std::size_t take(std::span<char> to) noexcept;

  conn conn_;
  runtime::spinlock lock_;
  std::string prefix_;
  std::string_view left_;
  std::atomic<bool> drained_;
};

}  // namespace warren::net
