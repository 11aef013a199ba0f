// SPDX-License-Identifier: MIT
#include "report.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "standard_streams.hpp"
#include "system.hpp"

namespace warren::runtime {

namespace {

constexpr int standard_error = 2;
constexpr int failure_status = 2;  // Go's

constinit std::atomic<void (*)(text_writer&) noexcept> last_words{nullptr};
constinit std::atomic<int> reporter{0};  // the kernel's id of the thread whose turn it is; 0: nobody's

}  // namespace

text_writer& text_writer::operator<<(std::string_view text) noexcept {
  while (!text.empty()) {
    if (used_ == sizeof buffer_) flush();
    const std::size_t n = std::min(text.size(), sizeof buffer_ - used_);
    std::memcpy(buffer_ + used_, text.data(), n);
    used_ += n;
    text.remove_prefix(n);
  }
  return *this;
}

text_writer& text_writer::operator<<(const char* text) noexcept {
  return *this << std::string_view(text != nullptr ? text : "(null)");
}

text_writer& text_writer::decimal(std::uint64_t n) noexcept {
  char digits[20];
  std::size_t at = sizeof digits;
  do {
    digits[--at] = static_cast<char>('0' + n % 10);
    n /= 10;
  } while (n != 0);
  return *this << std::string_view(digits + at, sizeof digits - at);
}

text_writer& text_writer::hex(std::uintptr_t n) noexcept {
  char digits[2 * sizeof n];
  std::size_t at = sizeof digits;
  do {
    digits[--at] = "0123456789abcdef"[n % 16];
    n /= 16;
  } while (n != 0);
  return *this << "0x" << std::string_view(digits + at, sizeof digits - at);
}

void text_writer::flush() noexcept {
  sys::write_all(standard_error, buffer_, used_);
  used_ = 0;
}

void print_goroutine_title(text_writer& out, std::uint64_t id, const char* name) noexcept {
  out << "goroutine " << id;
  if (name != nullptr) out << " \"" << name << '"';
}

void print_overflow(text_writer& out, std::size_t limit) noexcept {
  out << "runtime: goroutine stack exceeds " << limit << "-byte limit\nfatal error: stack overflow\n\n";
}

bool take_report_turn() noexcept {
  constexpr std::int64_t look_again_ns = 10'000'000;
  const int self = sys::thread_id();
  for (;;) {
    int holder = 0;
    // Acquire: pairs with the release in give_report_turn_back().
    if (reporter.compare_exchange_strong(holder, self, std::memory_order_acquire, std::memory_order_relaxed)) return true;
    if (holder == self) return false;
    sys::sleep_ns(look_again_ns);
  }
}

void give_report_turn_back() noexcept {
  // Release: pairs with the acquire in take_report_turn().
  reporter.store(0, std::memory_order_release);
}

void wait_for_report() noexcept {
  if (take_report_turn()) give_report_turn_back();
}

void begin_last_report() noexcept {
  if (!take_report_turn()) sys::exit_process(failure_status);
  sys::flush_streams();
}

void set_last_words(void (*say)(text_writer& out) noexcept) noexcept {
  // Release: pairs with the acquire in end_by_report(); what it reads.
  last_words.store(say, std::memory_order_release);
}

void end_by_report() noexcept {
  // Acquire: pairs with the release in set_last_words().
  if (auto* say = last_words.load(std::memory_order_acquire)) {
    text_writer out;
    say(out);
  }
  sys::flush_standard_streams();
  sys::exit_process(failure_status);
}

}  // namespace warren::runtime
