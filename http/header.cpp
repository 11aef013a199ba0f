// SPDX-License-Identifier: MIT
#include "header.hpp"

#include <array>
#include <stdexcept>
#include <utility>

#include "characters.hpp"

namespace warren::http {

using namespace characters;

namespace {

/// In upper case at the beginning and after a hyphen, in lower case elsewhere: [0] is for elsewhere.
constexpr std::array<std::array<char, 256>, 2> cases = [] {
  std::array<std::array<char, 256>, 2> table{};
  for (unsigned c = 0; c < 256; ++c) {
    table[0][c] = lower(static_cast<char>(c));
    table[1][c] = upper(static_cast<char>(c));
  }
  return table;
}();

void make_canonical(char* name, std::size_t size) noexcept {
  bool begins = true;
  for (std::size_t i = 0; i < size; ++i) {
    const char c = name[i];
    name[i] = cases[begins][static_cast<unsigned char>(c)];
    begins = c == '-';
  }
}

/// A value on the wire stays in its line, and has no spaces at its ends.
void append_value(std::string& out, std::string_view value) {
  value = trimmed(value);
  const char* const end = value.data() + value.size();
  if (skip_text(value.data(), end) == end) {
    out += value;
    return;
  }
  const std::size_t at = out.size();
  for (const char c : value) out += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
  const std::string_view clean = trimmed(std::string_view(out).substr(at));
  out = out.substr(0, at).append(clean);
}

}  // namespace

std::string canonical_name(std::string_view name) {
  std::string text(name);
  if (is_valid_name(name)) make_canonical(text.data(), text.size());
  return text;
}

bool is_valid_name(std::string_view name) noexcept { return !name.empty() && all(name, token_byte); }

bool is_valid_value(std::string_view value) noexcept {
  const char* const end = value.data() + value.size();
  return skip_text(value.data(), end) == end;
}

std::size_t header::index_of(std::string_view name, std::size_t from) const noexcept {
  while (from < places_.size() && !same_name(field_at(from).name, name)) ++from;
  return from;
}

std::optional<std::string_view> header::find(std::string_view name) const noexcept {
  const std::size_t i = index_of(name, 0);
  if (i == places_.size()) return std::nullopt;
  return field_at(i).value;
}

std::string header::get(std::string_view name) const {
  return std::string(find(name).value_or(std::string_view()));
}

bool header::has(std::string_view name) const noexcept { return index_of(name, 0) != places_.size(); }

std::vector<std::string> header::values(std::string_view name) const {
  std::vector<std::string> all_values;
  for (std::size_t i = index_of(name, 0); i < places_.size(); i = index_of(name, i + 1)) {
    all_values.emplace_back(field_at(i).value);
  }
  return all_values;
}

/// Drops what is not used any more if that is most of the text.
void header::make_room(std::size_t more) {
  if (text_.size() + more <= text_.capacity()) return;
  std::size_t used = 0;
  for (const field_place& p : places_) used += std::size_t{p.name_size} + p.value_size;
  if (used > text_.size() / 2) return;
  std::string kept;
  kept.reserve((used + more) * 2);
  for (field_place& p : places_) {
    const auto name_at = static_cast<std::uint32_t>(kept.size());
    kept.append(text_, p.name_at, p.name_size);
    const auto value_at = static_cast<std::uint32_t>(kept.size());
    kept.append(text_, p.value_at, p.value_size);
    p.name_at = name_at;
    p.value_at = value_at;
  }
  text_ = std::move(kept);
}

/// Returns: where the piece lies in the text now.
std::uint32_t header::keep(std::string_view piece) {
  if (piece.size() > UINT32_MAX - text_.size()) throw std::length_error("header: more than 4 GiB");
  const std::size_t at = text_.size();
  text_.append(piece);
  return static_cast<std::uint32_t>(at);
}

void header::add(std::string_view name, std::string_view value) {
  // The arguments may lie in the text that make_room() moves.
  if (text_.size() + name.size() + value.size() > text_.capacity()) {
    const std::string own_name(name);
    const std::string own_value(value);
    make_room(name.size() + value.size());
    append_field(own_name, own_value);
  } else {
    append_field(name, value);
  }
}

void header::append_field(std::string_view name, std::string_view value) {
  field_place p{};
  p.name_size = static_cast<std::uint32_t>(name.size());
  p.value_size = static_cast<std::uint32_t>(value.size());
  p.name_at = keep(name);
  if (is_valid_name(name)) make_canonical(text_.data() + p.name_at, p.name_size);
  p.value_at = keep(value);
  places_.push_back(p);
}

void header::set(std::string_view name, std::string_view value) {
  const std::size_t i = index_of(name, 0);
  if (i == places_.size()) return add(name, value);
  field_place& p = places_[i];
  if (value.size() <= p.value_size) {
    text_.replace(p.value_at, value.size(), value);
    p.value_size = static_cast<std::uint32_t>(value.size());
  } else {
    add(name, value);
    places_[i] = places_.back();
    places_.pop_back();
  }
  remove_from(i + 1, name_at(i));
}

void header::remove_from(std::size_t from, std::string_view name) noexcept {
  std::size_t kept = from;
  for (std::size_t i = from; i < places_.size(); ++i) {
    if (!same_name(field_at(i).name, name)) places_[kept++] = places_[i];
  }
  places_.resize(kept);
}

void header::del(std::string_view name) noexcept { remove_from(0, name); }

void header::clear() noexcept {
  text_.clear();
  places_.clear();
}

void header::release_memory() noexcept {
  std::string().swap(text_);
  std::vector<field_place>().swap(places_);
}

void header::swap(header& other) noexcept {
  text_.swap(other.text_);
  places_.swap(other.places_);
}

void header::write_to(std::string& out) const {
  for (const field& f : *this) {
    if (!is_valid_name(f.name)) continue;
    out += f.name;
    out += ": ";
    append_value(out, f.value);
    out += "\r\n";
  }
}

void header::assign(std::string_view text, const std::vector<field_place>& places) {
  clear();
  if (places.empty()) return;
  // The names and values lie close to each other: one copy of all, with what is between.
  const std::uint32_t begin = places.front().name_at;
  const std::uint32_t end = places.back().value_at + places.back().value_size;
  text_.assign(text.substr(begin, end - begin));
  places_.reserve(places.size());
  for (const field_place& p : places) {
    if (p.name_size == 0) continue;
    places_.push_back({p.name_at - begin, p.name_size, p.value_at - begin, p.value_size});
    make_canonical(text_.data() + places_.back().name_at, p.name_size);
  }
}

bool operator==(const header& a, const header& b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto [name, value] = a.field_at(i);
    const auto [other_name, other_value] = b.field_at(i);
    if (name != other_name || value != other_value) return false;
  }
  return true;
}

}  // namespace warren::http
