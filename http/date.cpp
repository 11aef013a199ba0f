// SPDX-License-Identifier: MIT
#include "date.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>

namespace warren::http {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view month_names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::string_view day_names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                          "Thursday", "Friday", "Saturday"};
constexpr std::size_t short_name = 3;

/// Takes the parts of a date from the front of a text; after one that was not there all others fail.
class reader {
 public:
  explicit reader(std::string_view text) : text_(text) {}

  reader& literal(std::string_view expected) {
    take(text_.starts_with(expected), expected.size());
    return *this;
  }

  /// So many digits; in front of the last there may be one space in place of a zero where `padded` says so.
  reader& number(std::size_t digits, int& value, bool padded = false) {
    if (padded && text_.starts_with(' ')) {
      take(true, 1);
      --digits;
    }
    value = 0;
    for (; digits > 0; --digits) {
      const char c = text_.empty() ? '\0' : text_[0];
      take('0' <= c && c <= '9', 1);
      value = value * 10 + (c - '0');
    }
    return *this;
  }

  /// One of the names; `value` becomes its index.
  template <std::size_t count>
  reader& name(const std::string_view (&names)[count], int& value, std::size_t letters = 0) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto wanted = letters == 0 ? names[i] : names[i].substr(0, letters);
      if (!text_.starts_with(wanted)) continue;
      value = static_cast<int>(i);
      take(true, wanted.size());
      return *this;
    }
    good_ = false;
    return *this;
  }

  bool at_end() const { return good_ && text_.empty(); }

 private:
  void take(bool there, std::size_t length) {
    good_ = good_ && there;
    text_.remove_prefix(good_ ? length : text_.size());
  }

  std::string_view text_;
  bool good_ = true;
};

struct parts {
  int weekday = 0, day = 0, month = 0, year = 0, hour = 0, minute = 0, second = 0;

  reader& time(reader& from) {
    return from.number(2, hour).literal(":").number(2, minute).literal(":").number(2, second);
  }

  std::optional<std::int64_t> seconds() const {
    using namespace std::chrono;
    const year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month + 1)),
                              std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
    const std::int64_t days = sys_days(date).time_since_epoch().count();
    return ((days * 24 + hour) * 60 + minute) * 60 + second;
  }
};

bool read_fixed(std::string_view text, parts& p) {
  reader from(text);
  from.name(day_names, p.weekday, short_name).literal(", ").number(2, p.day).literal(" ");
  from.name(month_names, p.month).literal(" ").number(4, p.year).literal(" ");
  return p.time(from).literal(" GMT").at_end();
}

bool read_rfc850(std::string_view text, parts& p) {
  reader from(text);
  from.name(day_names, p.weekday).literal(", ").number(2, p.day).literal("-");
  from.name(month_names, p.month).literal("-").number(2, p.year).literal(" ");
  p.year += p.year < 69 ? 2000 : 1900;
  return p.time(from).literal(" GMT").at_end();
}

bool read_asctime(std::string_view text, parts& p) {
  reader from(text);
  from.name(day_names, p.weekday, short_name).literal(" ").name(month_names, p.month).literal(" ");
  from.number(2, p.day, true).literal(" ");
  return p.time(from).literal(" ").number(4, p.year).at_end();
}

/// Writes a number with leading zeros and ends before `end`.
void put(char* end, int digits, int value) {
  for (; digits > 0; --digits, value /= 10) *--end = static_cast<char>('0' + value % 10);
}

}  // namespace

void format_date(std::int64_t seconds, std::span<char, date_length> out) noexcept {
  using namespace std::chrono;
  const auto moment = sys_seconds(std::chrono::seconds(seconds));
  const auto midnight = floor<days>(moment);
  const year_month_day date(midnight);
  const hh_mm_ss time(moment - midnight);
  char* const to = out.data();
  std::ranges::copy("Day, 00 Mon 0000 00:00:00 GMT"sv, to);
  std::ranges::copy(day_names[weekday(midnight).c_encoding()].substr(0, short_name), to);
  put(to + 7, 2, static_cast<int>(static_cast<unsigned>(date.day())));
  std::ranges::copy(month_names[static_cast<unsigned>(date.month()) - 1], to + 8);
  put(to + 16, 4, static_cast<int>(date.year()));
  put(to + 19, 2, static_cast<int>(time.hours().count()));
  put(to + 22, 2, static_cast<int>(time.minutes().count()));
  put(to + 25, 2, static_cast<int>(time.seconds().count()));
}

std::string format_date(std::int64_t seconds) {
  std::string text(date_length, '\0');
  format_date(seconds, std::span<char, date_length>(text.data(), date_length));
  return text;
}

std::optional<std::int64_t> parse_date(std::string_view text) noexcept {
  parts p;
  if (!read_fixed(text, p) && !read_rfc850(text, p) && !read_asctime(text, p)) return std::nullopt;
  return p.seconds();
}

}  // namespace warren::http
