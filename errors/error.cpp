// SPDX-License-Identifier: MIT
#include "error.hpp"

#include <ostream>
#include <vector>

namespace warren {

static_assert(sizeof(error) == sizeof(void*));

namespace errors {

/// An error that holds others. They are printed and taken apart here, in loops.
class composite : public base {
 public:
  std::string message() const final;

 protected:
  /// The held errors, which a composite that dies gives away. The same ones as `unwrap_all`.
  virtual std::span<error> parts() noexcept = 0;

  /// Returns: what stands before the text of part `i`.
  virtual std::string_view before(std::size_t i) const noexcept = 0;

  /// Drops `parts`, and all that they alone hold. For the destructors of derived classes.
  static void release(std::span<error> parts) noexcept;

 private:
  static void doom(std::span<error> parts, const composite*& doomed) noexcept;

  mutable const composite* next_ = nullptr;  // links those without a handle while `release` works on them
};

std::string composite::message() const {
  struct place {
    const composite* at;
    std::size_t next;
  };
  std::string text;
  std::vector<place> open{{this, 0}};
  while (!open.empty()) {
    auto& [at, next] = open.back();
    const std::span<const error> parts = at->unwrap_all();
    if (next == parts.size()) {
      open.pop_back();
      continue;
    }
    text += at->before(next);
    const error& part = parts[next++];
    if (auto* inner = dynamic_cast<const composite*>(part.get())) {
      open.push_back({inner, 0});
    } else {
      text += part.message();
    }
  }
  return text;
}

void composite::doom(std::span<error> parts, const composite*& doomed) noexcept {
  for (error& part : parts) {
    const base* object = std::exchange(part.object_, nullptr);
    if (object == nullptr || !object->drop()) continue;
    if (auto* inner = dynamic_cast<const composite*>(object)) {
      inner->next_ = std::exchange(doomed, inner);
    } else {
      object->destroy();
    }
  }
}

void composite::release(std::span<error> parts) noexcept {
  const composite* doomed = nullptr;
  doom(parts, doomed);
  while (doomed != nullptr) {
    const composite* one = std::exchange(doomed, doomed->next_);
    // It was made by `new` as a plain object, and no handle is left through which anybody could look.
    doom(const_cast<composite*>(one)->parts(), doomed);
    one->destroy();
  }
}

namespace {

class text_error final : public base {
 public:
  explicit text_error(std::string_view text) : text_(text) {}
  std::string message() const override { return text_; }

 private:
  std::string text_;
};

class wrapped final : public composite {
 public:
  wrapped(std::string_view text, error inner) : prefix_(text), inner_(std::move(inner)) { prefix_ += ": "; }
  wrapped(const wrapped&) = delete;
  wrapped& operator=(const wrapped&) = delete;
  ~wrapped() override { release(parts()); }

  error unwrap() const override { return inner_; }
  std::span<const error> unwrap_all() const override { return {&inner_, 1}; }

 private:
  std::span<error> parts() noexcept override { return {&inner_, 1}; }
  std::string_view before(std::size_t) const noexcept override { return prefix_; }

  std::string prefix_;
  error inner_;
};

class joined final : public composite {
 public:
  explicit joined(std::vector<error> errs) noexcept : errs_(std::move(errs)) {}
  joined(const joined&) = delete;
  joined& operator=(const joined&) = delete;
  ~joined() override { release(parts()); }

  std::span<const error> unwrap_all() const override { return errs_; }

 private:
  std::span<error> parts() noexcept override { return errs_; }
  std::string_view before(std::size_t i) const noexcept override { return i == 0 ? "" : "\n"; }

  std::vector<error> errs_;
};

class code_error final : public base {
 public:
  explicit code_error(std::error_code code) noexcept : code_(code) {}
  const std::error_code& code() const noexcept { return code_; }

  std::string message() const override { return code_.message(); }
  bool is(error target) const override {
    auto* other = dynamic_cast<const code_error*>(target.get());
    return other != nullptr && (code_ == other->code_ || code_ == other->code_.default_error_condition());
  }
  bool is_timeout() const override {
    return code_ == std::errc::timed_out || code_ == std::errc::resource_unavailable_try_again ||
           code_ == std::errc::operation_would_block;
  }

 private:
  std::error_code code_;
};

/// Returns: the first object in the tree of `err` that `match` accepts.
template <class Match>
const base* first(const error& err, Match match) {
  error here = err;
  std::vector<error> later;  // brothers still to be seen, the nearest last
  for (;;) {
    if (here == nil) {
      if (later.empty()) return nullptr;
      here = std::move(later.back());
      later.pop_back();
      continue;
    }
    if (match(*here.get())) return here.get();
    const std::span<const error> several = here.get()->unwrap_all();
    if (several.empty()) {
      here = here.get()->unwrap();
    } else {
      later.insert(later.end(), several.rbegin(), several.rend() - 1);
      here = error(several.front());
    }
  }
}

}  // namespace

error base::unwrap() const { return nil; }

std::span<const error> base::unwrap_all() const { return {}; }

bool base::is(error) const { return false; }

bool base::is_timeout() const { return false; }

void base::destroy() const noexcept { delete this; }

std::string literal::message() const { return std::string(text_); }

error make(std::string_view text) { return of<text_error>(text); }

error wrap(std::string_view text, error err) { return of<wrapped>(text, std::move(err)); }

error join(std::span<const error> errs) {
  std::vector<error> some;
  for (const error& e : errs) {
    if (e != nil) some.push_back(e);
  }
  if (some.empty()) return nil;
  return of<joined>(std::move(some));
}

const base* find(const error& err, bool (*match)(const base&)) { return first(err, match); }

bool is(const error& err, const error& target) {
  if (err == nil || target == nil) return err == target;
  auto counts_as_target = [&](const base& b) { return &b == target.get() || b.is(target); };
  return first(err, counts_as_target) != nullptr;
}

template <>
const std::error_code* as<std::error_code>(const error& err) {
  auto* found = as<code_error>(err);
  return found != nullptr ? &found->code() : nullptr;
}

error unwrap(const error& err) { return err != nil ? err.get()->unwrap() : nil; }

bool is_timeout(const error& err) {
  return first(err, [](const base& b) { return b.is_timeout(); }) != nullptr;
}

error from(std::error_code ec) {
  if (!ec) return nil;
  return of<code_error>(ec);
}

}  // namespace errors

std::string error::message() const { return object_ != nullptr ? object_->message() : "<nil>"; }

std::ostream& operator<<(std::ostream& out, const error& e) { return out << e.message(); }

std::string to_string(const error& e) { return e.message(); }

}  // namespace warren
