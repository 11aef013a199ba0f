// SPDX-License-Identifier: MIT
#include "function_name.hpp"

#include <algorithm>
#include <cstring>

namespace warren::runtime {

namespace {

constexpr int deepest = 96;  // of types within types; a handler's stack is small

struct operator_text {
  char code[3];
  const char* text;
};

constexpr operator_text operators[] = {
    {"nw", " new"}, {"na", " new[]"}, {"dl", " delete"}, {"da", " delete[]"}, {"aw", " co_await"}, {"ps", "+"},
    {"ng", "-"},    {"ad", "&"},      {"de", "*"},       {"co", "~"},         {"pl", "+"},         {"mi", "-"},
    {"ml", "*"},    {"dv", "/"},      {"rm", "%"},       {"an", "&"},         {"or", "|"},         {"eo", "^"},
    {"aS", "="},    {"pL", "+="},     {"mI", "-="},      {"mL", "*="},        {"dV", "/="},        {"rM", "%="},
    {"aN", "&="},   {"oR", "|="},     {"eO", "^="},      {"ls", "<<"},        {"rs", ">>"},        {"lS", "<<="},
    {"rS", ">>="},  {"eq", "=="},     {"ne", "!="},      {"lt", "<"},         {"gt", ">"},         {"le", "<="},
    {"ge", ">="},   {"ss", "<=>"},    {"nt", "!"},       {"aa", "&&"},        {"oo", "||"},        {"pp", "++"},
    {"mm", "--"},   {"cm", ","},      {"pm", "->*"},     {"pt", "->"},        {"cl", "()"},        {"ix", "[]"},
};

struct abbreviation {
  char letter;
  const char* text;
};

constexpr abbreviation abbreviations[] = {
    {'a', "std::allocator"}, {'b', "std::basic_string"}, {'s', "std::string"},
    {'i', "std::istream"},   {'o', "std::ostream"},      {'d', "std::iostream"},
};

bool digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
bool upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }

/// A reader by recursive descent over the ABI's grammar. Each function takes what it is named after, and returns false
/// where the text is something else.
class name_reader {
 public:
  name_reader(const char* mangled, char* room, std::size_t bytes) noexcept : at_(mangled), out_(room), room_(bytes) {}

  /// The name of a function and () or (...).
  bool function() noexcept {
    if (!encoding_name()) return false;
    put(takes_nothing() ? "()" : "(...)");
    return true;
  }

  std::string_view text() const noexcept { return {out_, used_}; }

 private:
  /// While it lives, what is read is not written.
  class silence {
   public:
    explicit silence(name_reader& r) noexcept : r_(r) { ++r_.silent_; }
    ~silence() { --r_.silent_; }

   private:
    name_reader& r_;
  };

  void put(std::string_view text) noexcept {
    if (silent_ > 0) return;
    const std::size_t n = std::min(text.size(), room_ - used_);
    std::memcpy(out_ + used_, text.data(), n);
    used_ += n;
  }

  bool skip(std::string_view wanted) noexcept {
    if (std::strncmp(at_, wanted.data(), wanted.size()) != 0) return false;
    at_ += wanted.size();
    return true;
  }

  bool number(std::size_t& n) noexcept {
    if (!digit(*at_)) return false;
    for (n = 0; digit(*at_) && n < 100'000; ++at_) n = n * 10 + static_cast<std::size_t>(*at_ - '0');
    return true;
  }

  /// [number] _ : the how-manieth of its kind, from 1.
  bool ordinal(std::size_t& n) noexcept {
    n = 1;
    if (digit(*at_)) {
      if (!number(n)) return false;
      n += 2;
    }
    return skip("_");
  }

  bool encoding_name() noexcept {
    if (skip("T")) return thunk() && encoding_name();
    return name();
  }

  /// h offset _, v offset _ offset _, or c and two of these: a call that corrects `this`.
  bool thunk() noexcept {
    const auto offset = [this] {
      skip("n");
      std::size_t n = 0;
      return number(n) && skip("_");
    };
    const auto call_offset = [&] { return skip("h") ? offset() : skip("v") && offset() && offset(); };
    return skip("c") ? call_offset() && call_offset() : call_offset();
  }

  bool name() noexcept {
    ends_in_arguments_ = false;
    after_lambda_ = false;
    switch (*at_) {
      case 'N': return nested_name();
      case 'Z': return local_name();
      case 'S': return standard_name();
      default: return unqualified_name() && optional_arguments();
    }
  }

  bool standard_name() noexcept {
    if (!skip("St")) return substitution() && optional_arguments();
    put("std::");
    return unqualified_name() && optional_arguments();
  }

  bool nested_name() noexcept {
    ++at_;
    while (*at_ == 'r' || *at_ == 'V' || *at_ == 'K') ++at_;
    if (*at_ == 'R' || *at_ == 'O') ++at_;
    for (bool first = true; !skip("E"); first = false) {
      if (*at_ == 'I' ? !arguments() : !component(first)) return false;
    }
    return true;
  }

  bool component(bool first) noexcept {
    if (*at_ == 0) return false;
    if (skip("M")) return true;  // the scope of a data member's initializer; the member's name went before
    // A lambda is shown as if it were the function that its call operator is.
    if (after_lambda_ && skip("cl")) return abi_tags();
    if (!first) put("::");
    ends_in_arguments_ = false;
    after_lambda_ = false;
    switch (*at_) {
      case 'S':
        if (!skip("St")) return substitution();
        put("std");
        return true;
      case 'T': return template_parameter();
      case 'C': return constructor();
      case 'D': return destructor();
      default: return unqualified_name();
    }
  }

  bool constructor() noexcept {
    ++at_;
    const bool inherited = skip("I");
    if (!digit(*at_)) return false;
    ++at_;
    put(last());
    return (!inherited || type()) && abi_tags();
  }

  bool destructor() noexcept {
    if (!digit(at_[1])) return false;
    at_ += 2;
    put("~");
    put(last());
    return abi_tags();
  }

  std::string_view last() const noexcept {
    return last_begin_ < last_end_ ? std::string_view(out_ + last_begin_, last_end_ - last_begin_) : "";
  }

  bool local_name() noexcept {
    ++at_;
    if (!encoding_name()) return false;
    {
      const silence s(*this);
      if (!signature()) return false;
    }
    if (skip("s")) return discriminator();
    put("::");
    if (skip("d")) {  // in a default argument
      std::size_t n = 0;
      if (!ordinal(n)) return false;
    }
    return name() && discriminator();
  }

  /// Types up to an E.
  bool signature() noexcept {
    while (!skip("E")) {
      if (!type()) return false;
    }
    return true;
  }

  bool discriminator() noexcept {
    std::size_t n = 0;
    if (skip("__")) return number(n) && skip("_");
    // An underscore that no digit follows begins something else.
    if (*at_ == '_' && digit(at_[1])) at_ += 2;
    return true;
  }

  bool unqualified_name() noexcept {
    skip("L");
    if (*at_ == 'F' && (digit(at_[1]) || lower(at_[1]))) ++at_;  // a friend with constraints of its own
    if (digit(*at_)) return source_name() && abi_tags();
    if (*at_ == 'U') return unnamed_type() && abi_tags();
    return operator_name() && abi_tags();
  }

  bool source_name() noexcept {
    std::size_t n = 0;
    if (!number(n) || ::strnlen(at_, n) < n) return false;
    const std::string_view text(at_, n);
    at_ += n;
    if (text.starts_with("$_")) return closure_of_clang(text.substr(2));
    if (silent_ == 0) last_begin_ = used_;
    put(text.starts_with("_GLOBAL__N_") ? "(anonymous namespace)" : text);
    if (silent_ == 0) last_end_ = used_;
    return true;
  }

  /// Clang counts the lambdas that nobody else can name through the whole file, from 0.
  bool closure_of_clang(std::string_view digits) noexcept {
    std::size_t n = 0;
    for (const char c : digits) n = n * 10 + static_cast<std::size_t>(c - '0');
    put_ordinal("{lambda#", n + 1);
    after_lambda_ = true;
    return true;
  }

  void put_ordinal(std::string_view what, std::size_t n) noexcept {
    char digits[24];
    std::size_t from = sizeof digits;
    for (; n != 0; n /= 10) digits[--from] = static_cast<char>('0' + n % 10);
    put(what);
    put({digits + from, sizeof digits - from});
    put("}");
  }

  bool abi_tags() noexcept {
    const silence s(*this);
    while (skip("B")) {
      std::size_t n = 0;
      if (!number(n) || ::strnlen(at_, n) < n) return false;
      at_ += n;
    }
    return true;
  }

  bool unnamed_type() noexcept {
    const bool lambda = skip("Ul");
    if (!lambda && !skip("Ut")) return false;
    if (lambda) {
      const silence s(*this);
      while (*at_ == 'T' && (at_[1] == 'y' || at_[1] == 'n')) {  // its explicit template parameters
        at_ += 2;
        if (at_[-1] == 'n' && !type()) return false;
      }
      if (!signature()) return false;
    }
    std::size_t n = 0;
    if (!ordinal(n)) return false;
    put_ordinal(lambda ? "{lambda#" : "{unnamed#", n);
    after_lambda_ = lambda;
    return true;
  }

  bool operator_name() noexcept {
    if (skip("cv")) {
      put("operator cast");
      const silence s(*this);
      return type();
    }
    if (skip("li")) {
      put("operator\"\"");
      return source_name();
    }
    for (const operator_text& o : operators) {
      if (!skip(o.code)) continue;
      put("operator");
      put(o.text);
      return true;
    }
    return false;
  }

  /// S_ and the like stand for what was read before. In a name they can only be in places that are not written.
  bool substitution() noexcept {
    ++at_;
    for (const abbreviation& a : abbreviations) {
      if (*at_ != a.letter) continue;
      ++at_;
      if (silent_ == 0) last_begin_ = used_ + std::string_view("std::").size();
      put(a.text);
      if (silent_ == 0) last_end_ = used_;
      return true;
    }
    while (digit(*at_) || upper(*at_)) ++at_;
    put("?");
    return skip("_");
  }

  bool template_parameter() noexcept {
    ++at_;
    while (digit(*at_)) ++at_;
    put("?");
    return skip("_");
  }

  bool optional_arguments() noexcept { return *at_ != 'I' || arguments(); }

  bool arguments() noexcept {
    ++at_;
    {
      const silence s(*this);
      while (!skip("E")) {
        if (!argument()) return false;
      }
    }
    put("<...>");
    ends_in_arguments_ = true;
    return true;
  }

  bool argument() noexcept {
    if (*at_ == 'L') return literal();
    if (skip("Xad")) return literal() && skip("E");  // of all expressions only the address of a function is common
    if (!skip("J")) return type();
    while (!skip("E")) {
      if (!argument()) return false;
    }
    return true;
  }

  bool literal() noexcept {
    if (!skip("L")) return false;
    if (skip("_Z")) return encoding_name() && signature();
    if (!type()) return false;
    while (digit(*at_) || *at_ == 'n' || (*at_ >= 'a' && *at_ <= 'f')) ++at_;
    return skip("E");
  }

  /// A type is never written.
  bool type() noexcept {
    if (depth_ == deepest) return false;
    ++depth_;
    const silence s(*this);
    const bool ends_in_arguments = ends_in_arguments_;
    const bool after_lambda = after_lambda_;
    const bool read = bare_type();
    ends_in_arguments_ = ends_in_arguments;
    after_lambda_ = after_lambda;
    --depth_;
    return read;
  }

  bool bare_type() noexcept {
    switch (*at_) {
      case 'P': case 'R': case 'O': case 'K': case 'V': case 'C': case 'G': case 'r':
        ++at_;
        return type();
      case 'F': return function_type();
      case 'A': return array_type();
      case 'M':
        ++at_;
        return type() && type();
      case 'T': return template_parameter() && optional_arguments();
      case 'D': return d_type();
      case 'U':
        if (at_[1] == 'l' || at_[1] == 't') return unnamed_type();
        ++at_;
        return source_name() && optional_arguments() && type();
      case 'u':
        ++at_;
        return source_name() && optional_arguments();
      case 'N': case 'Z': case 'S': return name();
      default: break;
    }
    if (digit(*at_)) return name();
    if (!lower(*at_)) return false;
    ++at_;  // a built-in one
    return true;
  }

  bool function_type() noexcept {
    ++at_;
    skip("Y");
    while (!skip("E")) {
      if ((*at_ == 'R' || *at_ == 'O') && at_[1] == 'E') ++at_;
      else if (!type()) return false;
    }
    return true;
  }

  bool array_type() noexcept {
    ++at_;
    while (digit(*at_)) ++at_;
    return skip("_") && type();
  }

  bool d_type() noexcept {
    ++at_;
    if (skip("p")) return type();
    if (skip("o")) return type();                     // a function type that throws nothing
    if (std::strchr("defhisuacn", *at_) == nullptr || *at_ == 0) return false;  // decltype and other expressions
    ++at_;
    return true;
  }

  bool takes_nothing() noexcept {
    // A template's signature begins with what it returns.
    if (ends_in_arguments_ && !type()) return false;
    return *at_ == 'v' && (at_[1] == 0 || at_[1] == '.');
  }

  const char* at_;
  char* out_;
  std::size_t room_;
  std::size_t used_ = 0;
  std::size_t last_begin_ = 0;  // the last plain name written, for constructors
  std::size_t last_end_ = 0;
  int silent_ = 0;
  int depth_ = 0;
  bool ends_in_arguments_ = false;
  bool after_lambda_ = false;
};

std::string_view copied(std::string_view text, char* room, std::size_t bytes) noexcept {
  const std::size_t n = std::min(text.size(), bytes);
  std::memcpy(room, text.data(), n);
  return {room, n};
}

}  // namespace

std::string_view readable_name(const char* mangled, char* room, std::size_t bytes) noexcept {
  constexpr std::string_view prefix = "_Z";
  constexpr std::string_view unknown_parameters = "(...)";
  if (std::strncmp(mangled, prefix.data(), prefix.size()) == 0) {
    name_reader reader(mangled + prefix.size(), room, bytes);
    if (reader.function()) return reader.text();
    return copied(mangled, room, bytes);
  }
  // What follows a dot the compiler added: it says which part or copy of the function this is.
  std::string_view plain(mangled, std::strcspn(mangled, "."));
  std::string_view end = unknown_parameters;
  const std::size_t arguments = plain.find('<');
  if (plain.ends_with('>') && arguments != 0 && !plain.starts_with("operator")) {
    plain = plain.substr(0, arguments);
    end = "<...>(...)";
  }
  plain = copied(plain, room, bytes);
  end = copied(end, room + plain.size(), bytes - plain.size());
  return {room, plain.size() + end.size()};
}

}  // namespace warren::runtime
