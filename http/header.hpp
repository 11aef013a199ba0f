// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace warren::http {

/// Where the name and the value of a field lie in a text.
struct field_place {
  std::uint32_t name_at;
  std::uint32_t name_size;
  std::uint32_t value_at;
  std::uint32_t value_size;
};

/// The fields of a message, in order, names as Go writes them (`Content-Type`). A value: copies are apart.
///
/// Whatever is put in stays readable as it was put in; what is written to the wire is always one line a field: line ends
/// and NUL in values become spaces, and a field whose name is none is left out.
/// Source: Go http.Header.
// All names and values lie in one text, and fields know their places there. So a message of any number of fields takes
// two allocations, and none when the object is used again. What was replaced stays in the text until it is the larger
// part.
class header {
 public:
  /// Valid until the header is changed.
  struct field {
    std::string_view name;
    std::string_view value;
  };

  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = field;
    using difference_type = std::ptrdiff_t;
    using pointer = const field*;
    using reference = const field&;

    iterator() noexcept = default;
    reference operator*() const noexcept { return here_; }
    pointer operator->() const noexcept { return &here_; }
    iterator& operator++() noexcept {
      ++at_;
      look();
      return *this;
    }
    iterator operator++(int) noexcept {
      iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const iterator& a, const iterator& b) noexcept { return a.at_ == b.at_; }

   private:
    friend class header;
    iterator(const header* of, std::size_t at) noexcept : of_(of), at_(at) { look(); }
    void look() noexcept {
      if (at_ < of_->places_.size()) here_ = of_->field_at(at_);
    }

    const header* of_ = nullptr;
    std::size_t at_ = 0;
    field here_;
  };
  using const_iterator = iterator;

  header() = default;

  /// Returns: the first value of that name, empty when there is none.
  std::string get(std::string_view name) const;
  /// Returns: the same without a copy; valid until the header is changed.
  std::optional<std::string_view> find(std::string_view name) const noexcept;
  /// Returns: all values of that name, in order.
  std::vector<std::string> values(std::string_view name) const;
  bool has(std::string_view name) const noexcept;

  /// Puts the value in place of all of that name, or at the end. Throws: std::length_error beyond 4 GiB, as add() does.
  void set(std::string_view name, std::string_view value);
  /// Puts a further field at the end.
  void add(std::string_view name, std::string_view value);
  void del(std::string_view name) noexcept;
  /// Takes all fields out, and keeps the memory.
  void clear() noexcept;

  /// Returns: how many fields there are, two of one name counted twice.
  std::size_t size() const noexcept { return places_.size(); }
  bool empty() const noexcept { return places_.empty(); }

  iterator begin() const noexcept { return {this, 0}; }
  iterator end() const noexcept { return {this, places_.size()}; }

  /// Appends the fields as they go to the wire, a line each, without the empty line at the end.
  void write_to(std::string& out) const;

  void swap(header& other) noexcept;

  /// Equal fields in equal order.
  friend bool operator==(const header& a, const header& b) noexcept;

  // --- the parser's
  /// In place of what is there: the fields at these places of `text`, in their order, whose names are tokens; those with
  /// an empty name are left out. One copy of the text.
  void assign(std::string_view text, const std::vector<field_place>& places);
  field field_at(std::size_t index) const noexcept {
    const field_place& p = places_[index];
    return {{text_.data() + p.name_at, p.name_size}, {text_.data() + p.value_at, p.value_size}};
  }
  /// Gives the memory back, fields and all.
  void release_memory() noexcept;
  /// How many bytes it holds beside itself.
  std::size_t memory() const noexcept { return text_.capacity() + places_.capacity() * sizeof(field_place); }

 private:
  std::size_t index_of(std::string_view name, std::size_t from) const noexcept;
  std::string_view name_at(std::size_t index) const noexcept { return field_at(index).name; }
  std::uint32_t keep(std::string_view piece);
  void append_field(std::string_view name, std::string_view value);
  void remove_from(std::size_t from, std::string_view name) noexcept;
  void make_room(std::size_t more);

  std::string text_;
  std::vector<field_place> places_;
};

/// Returns: the name as Go writes it: the first letter and those after hyphens in upper case, the others in lower case.
/// What is no name comes back as it is. Source: Go http.CanonicalHeaderKey.
std::string canonical_name(std::string_view name);

/// Returns: whether a field may have that name: it is a token.
bool is_valid_name(std::string_view name) noexcept;
/// Returns: whether a field may have that value as it is: no control characters but tabs.
bool is_valid_value(std::string_view value) noexcept;

}  // namespace warren::http
