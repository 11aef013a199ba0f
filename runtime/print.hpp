// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <ostream>
#include <streambuf>
#include <string>
#include <string_view>
#include <type_traits>

namespace warren {

namespace runtime {

/// One line while it is put together. Texts and numbers go straight to it, everything else through a stream.
class printed_line {
 public:
  printed_line() noexcept = default;
  printed_line(const printed_line&) = delete;
  printed_line& operator=(const printed_line&) = delete;

  void separate() {
    if (first_) first_ = false;
    else text_ += ' ';
  }

  template <class T>
  void add(const T& value) {
    if constexpr (std::is_same_v<T, std::nullptr_t>) {
      text_ += "<nil>";
    } else if constexpr (std::is_same_v<T, char>) {
      text_ += value;
    } else if constexpr (std::is_same_v<std::decay_t<T>, const char*> || std::is_same_v<std::decay_t<T>, char*>) {
      const char* text = value;
      text_ += text != nullptr ? text : "<nil>";
    } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>) {
      text_ += value;
    } else if constexpr (std::is_same_v<T, bool>) {
      text_ += value ? "true" : "false";
    } else if constexpr (std::is_floating_point_v<T>) {
      add_floating(value);
    } else if constexpr (std::signed_integral<T> && sizeof(T) > 1 && sizeof(T) <= sizeof(long long) && !character<T>) {
      add_signed(value);
    } else if constexpr (std::unsigned_integral<T> && sizeof(T) > 1 && sizeof(T) <= sizeof(long long) && !character<T>) {
      add_unsigned(value);
    } else {
      static_assert(requires(std::ostream& out) { out << value; }, "println: every operand needs an operator<<");
      stream() << value;
    }
  }

  /// Ends the line and writes it.
  void write_to(int descriptor);

 private:
  template <class T>
  static constexpr bool character = std::is_same_v<T, wchar_t> || std::is_same_v<T, char16_t> || std::is_same_v<T, char32_t>;

  /// Appends to the line.
  class buffer final : public std::streambuf {
   public:
    explicit buffer(std::string& text) : text_(text) {}

   protected:
    int_type overflow(int_type c) override;
    std::streamsize xsputn(const char* text, std::streamsize n) override;

   private:
    std::string& text_;
  };

  struct formatter {
    explicit formatter(std::string& text);
    buffer to;
    std::ostream stream;
  };

  void add_signed(long long n);
  void add_unsigned(unsigned long long n);
  void add_floating(float n);
  void add_floating(double n);
  void add_floating(long double n);
  std::ostream& stream();

  std::string text_;
  bool first_ = true;
  std::optional<formatter> formatter_;
};

template <class... Ts>
void print_line(int descriptor, const Ts&... values) {
  printed_line line;
  ((line.separate(), line.add(values)), ...);
  line.write_to(descriptor);
}

}  // namespace runtime

/// Writes the operands, separated by spaces, and a newline to standard output in one write, so that lines of several
/// goroutines never mix. Each may be anything with an `operator<<`; bool prints as true or false, a nil error as
/// `<nil>`, a floating-point number with as many digits as it takes to read it back.
/// Order: what the program has given to printf, puts and std::cout before comes out before the line.
/// Throws: what an operator<< throws; then nothing is written.
/// Source: Go fmt.Println.
template <class... Ts>
void println(const Ts&... values) {
  runtime::print_line(1, values...);
}

/// The same to standard error.
template <class... Ts>
void eprintln(const Ts&... values) {
  runtime::print_line(2, values...);
}

}  // namespace warren
