// SPDX-License-Identifier: MIT
#include "print.hpp"

// A line goes past stdio in one write(2), but under the lock of its stream and after what stdio holds for it. So lines
// never mix, with each other or with those of printf, and come in the order in which they were printed; std::cout, which
// stands on stdio unless a program tells it not to, is in that order as well.

#include <charconv>

#include "number_text.hpp"
#include "standard_streams.hpp"
#include "system.hpp"

namespace warren::runtime {

namespace {

template <class Number>
void append(std::string& text, Number n) {
  char digits[24];
  text.append(digits, std::to_chars(digits, digits + sizeof digits, n).ptr);
}

template <class Number>
void append_floating(std::string& text, Number n) {
  char room[number_text_room];
  text += text_of_number(n, room);
}

}  // namespace

void printed_line::add_signed(long long n) { append(text_, n); }
void printed_line::add_unsigned(unsigned long long n) { append(text_, n); }
void printed_line::add_floating(float n) { append_floating(text_, n); }
void printed_line::add_floating(double n) { append_floating(text_, n); }
void printed_line::add_floating(long double n) { append_floating(text_, n); }

printed_line::buffer::int_type printed_line::buffer::overflow(int_type c) {
  if (!traits_type::eq_int_type(c, traits_type::eof())) text_ += traits_type::to_char_type(c);
  return traits_type::not_eof(c);
}

std::streamsize printed_line::buffer::xsputn(const char* text, std::streamsize n) {
  text_.append(text, static_cast<std::size_t>(n));
  return n;
}

printed_line::formatter::formatter(std::string& text) : to(text), stream(&to) {}

std::ostream& printed_line::stream() {
  if (!formatter_) formatter_.emplace(text_);
  return formatter_->stream;
}

void printed_line::write_to(int descriptor) {
  text_ += '\n';
  sys::print(descriptor, text_.data(), text_.size());
}

}  // namespace warren::runtime
