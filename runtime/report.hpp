// SPDX-License-Identifier: MIT
#pragma once

// How a dying process speaks: to standard error, past stdio, allocating nothing.
//
// Laws
//   * Everything here but begin_last_report() may be used in a signal handler.
//   * One thread reports at a time. The others wait until it gives its turn back, which it does only where the process
//     may live on; most reports end the process.
//   * The end of a process waits for no lock of stdio's: whoever holds it may be in a read, or stopped for good.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace warren::runtime {

/// Gathers text in a fixed buffer and writes it out when that is full, at flush() and at its own end.
class text_writer {
 public:
  text_writer() noexcept = default;
  ~text_writer() { flush(); }
  text_writer(const text_writer&) = delete;
  text_writer& operator=(const text_writer&) = delete;

  text_writer& operator<<(std::string_view text) noexcept;
  text_writer& operator<<(const char* text) noexcept;
  text_writer& operator<<(char c) noexcept { return *this << std::string_view(&c, 1); }
  template <std::integral Number>
    requires(!std::same_as<Number, char> && !std::same_as<Number, bool>)
  text_writer& operator<<(Number n) noexcept {
    if (n >= 0) return decimal(static_cast<std::uint64_t>(n));
    return (*this << '-').decimal(0 - static_cast<std::uint64_t>(n));
  }
  /// As 0x and lower-case digits.
  text_writer& hex(std::uintptr_t n) noexcept;

  void flush() noexcept;

 private:
  text_writer& decimal(std::uint64_t n) noexcept;

  std::size_t used_ = 0;
  char buffer_[1024];
};

/// `goroutine 7 "reader"`; a null name is none.
void print_goroutine_title(text_writer& out, std::uint64_t id, const char* name) noexcept;
/// Go's lines before the goroutine whose stack was too small.
void print_overflow(text_writer& out, std::size_t limit) noexcept;

/// Takes the turn for good, and lets what the program has given to stdio go out before the report. A thread that falls
/// over its own report ends the process here.
void begin_last_report() noexcept;
/// What a report that ends the process says at its end; null: nothing more.
void set_last_words(void (*say)(text_writer& out) noexcept) noexcept;
/// Ends the process with Go's status for a panic and a fatal error. What was printed since the report began still goes
/// out, unless another thread is at it.
[[noreturn]] void end_by_report() noexcept;

/// The turn to report. False when the calling thread already has it, and fell over its own report.
[[nodiscard]] bool take_report_turn() noexcept;
void give_report_turn_back() noexcept;
/// Returns when no other thread reports: never, if the process is about to end by a report.
void wait_for_report() noexcept;

}  // namespace warren::runtime
