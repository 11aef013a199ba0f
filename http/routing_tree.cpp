// SPDX-License-Identifier: MIT
#include "routing_tree.hpp"

#include <algorithm>
#include <functional>
#include <span>
#include <utility>

#include "path.hpp"

namespace warren::http {
namespace {

using kind = segment::kind;

template <class T>
T* get(const std::atomic<T*>& pointer) noexcept {
  // Acquire: pairs with the release in set.
  return pointer.load(std::memory_order_acquire);
}

template <class T>
T* set(std::atomic<T*>& pointer, std::unique_ptr<T> value) noexcept {
  T* const raw = value.release();
  // Release: pairs with the acquire in get.
  pointer.store(raw, std::memory_order_release);
  return raw;
}

}  // namespace

std::string_view take_segment(std::string_view& path) noexcept {
  const auto found = path.substr(1, path.find('/', 1) - 1);
  path.remove_prefix(1 + found.size());
  return found;
}

class routing_node {
 public:
  explicit routing_node(std::string_view text) : text_(text), hash_(std::hash<std::string_view>{}(text)) {}
  routing_node(const routing_node&) = delete;
  routing_node& operator=(const routing_node&) = delete;
  ~routing_node() {
    for (const auto* node : {&before_, &behind_, &children_, &any_}) delete get(*node);
    for (const auto* leaf : {&here_, &end_, &rest_}) delete get(*leaf);
  }

  /// Returns: the child for this text, "any" for none; nullptr if there is no such child.
  routing_node* child(std::string_view text) const { return text.empty() ? get(any_) : literal(text); }

  routing_node* literal(std::string_view text) const {
    const std::size_t hash = std::hash<std::string_view>{}(text);
    routing_node* node = get(children_);
    while (node != nullptr && !node->is(hash, text)) node = get(node->side(hash, text));
    return node;
  }

  routing_node* any() const { return get(any_); }

  /// Returns: the child, made if need be.
  routing_node& make_child(std::string_view text) {
    return text.empty() ? make(any_, text) : make_literal(text);
  }

  routing_node& make_literal(std::string_view text) {
    const std::size_t hash = std::hash<std::string_view>{}(text);
    std::atomic<routing_node*>* place = &children_;
    for (routing_node* node = get(*place); node != nullptr && !node->is(hash, text); node = get(*place)) {
      place = &node->side(hash, text);
    }
    return make(*place, text);
  }

  void add(std::span<const segment> segments, std::unique_ptr<const route> r) {
    if (segments.empty()) {
      set(here_, std::move(r));
      return;
    }
    const segment& s = segments[0];
    switch (s.is) {
      case kind::rest:
        set(rest_, std::move(r));
        break;
      case kind::end:
        set(end_, std::move(r));
        break;
      case kind::wildcard:
        make(any_, "").add(segments.subspan(1), std::move(r));
        break;
      case kind::literal:
        make_literal(s.text).add(segments.subspan(1), std::move(r));
        break;
    }
  }

  /// Returns: the first route below that matches, from the most specific one on: a literal before a wildcard, and
  /// that before a rest. Patterns for which this is not the order are in conflict and have been refused.
  const route* match(std::string_view path, ending end) const {
    if (path.empty() && end == ending::as_it_is) return get(here_);
    const route* found = path.empty() || path == "/" ? get(end_) : match_segment(path, end);
    return found != nullptr ? found : get(rest_);
  }

  /// Calls f for all children that have a text.
  template <class F>
  void each_literal(F&& f) const {
    if (const routing_node* top = get(children_)) top->each_sibling(f);
  }

  /// Calls f(route) for those below whose path might be in conflict with these segments.
  template <class F>
  void each_candidate(std::span<const segment> segments, F&& f) const {
    if (segments.empty()) return call(f, get(here_));
    call(f, get(rest_));
    switch (segments[0].is) {
      case kind::rest:
        return each_below(f);
      case kind::end:
        return call(f, get(end_));
      case kind::wildcard:
        each_literal([&](const routing_node& node) { node.each_candidate(segments.subspan(1), f); });
        break;
      case kind::literal:
        if (const auto* node = literal(segments[0].text)) node->each_candidate(segments.subspan(1), f);
        break;
    }
    if (const auto* node = any()) node->each_candidate(segments.subspan(1), f);
  }

  const std::string& text() const { return text_; }

 private:
  bool is(std::size_t hash, std::string_view text) const { return hash == hash_ && text == text_; }

  /// Returns: on which side of this node among its siblings the text is, if it is not its own.
  std::atomic<routing_node*>& side(std::size_t hash, std::string_view text) {
    return std::pair(hash, text) < std::pair(hash_, std::string_view(text_)) ? before_ : behind_;
  }

  static routing_node& make(std::atomic<routing_node*>& place, std::string_view text) {
    routing_node* const there = get(place);
    return there != nullptr ? *there : *set(place, std::make_unique<routing_node>(text));
  }

  const route* match_segment(std::string_view path, ending end) const {
    const auto escaped = take_segment(path);
    const routing_node* same = escaped.find('%') == std::string_view::npos ? literal(escaped)  //
                                                                           : literal(unescaped(escaped));
    const route* found = same != nullptr ? same->match(path, end) : nullptr;
    if (found != nullptr) return found;
    const routing_node* wild = any();
    return wild != nullptr ? wild->match(path, end) : nullptr;
  }

  template <class F>
  static void call(F&& f, const route* r) {
    if (r != nullptr) f(*r);
  }

  template <class F>
  void each_sibling(F&& f) const {
    f(*this);
    if (const auto* node = get(before_)) node->each_sibling(f);
    if (const auto* node = get(behind_)) node->each_sibling(f);
  }

  template <class F>
  void each_below(F&& f) const {
    for (const auto* leaf : {&here_, &end_, &rest_}) call(f, get(*leaf));
    each_literal([&](const routing_node& node) { node.each_below(f); });
    if (const auto* node = any()) node->each_below(f);
  }

  const std::string text_;
  const std::size_t hash_;
  std::atomic<routing_node*> before_{nullptr}, behind_{nullptr};  ///< siblings
  std::atomic<routing_node*> children_{nullptr};                  ///< those with a text
  std::atomic<routing_node*> any_{nullptr};                       ///< for a wildcard
  std::atomic<const route*> here_{nullptr};                       ///< for a path that ends with this segment
  std::atomic<const route*> end_{nullptr};                        ///< and a slash
  std::atomic<const route*> rest_{nullptr};                       ///< and anything behind that
};

routing_tree::routing_tree() : root_(std::make_unique<routing_node>("")) {}
routing_tree::~routing_tree() = default;

const route* routing_tree::find_conflict(const pattern& p) const {
  const routing_node* const host = root_->child(p.host());
  if (host == nullptr) return nullptr;
  const route* found = nullptr;
  const auto look_below = [&](const routing_node& method) {
    method.each_candidate(p.segments(), [&](const route& r) {
      if (in_conflict(p, r.to)) found = &r;
    });
  };
  host->each_literal(look_below);
  if (const auto* method = host->any()) look_below(*method);
  return found;
}

void routing_tree::add(std::unique_ptr<const route> r) {
  const pattern& p = r->to;
  root_->make_child(p.host()).make_child(p.method()).add(p.segments(), std::move(r));
}

namespace {

const route* match_with_method(const routing_node* host, std::string_view method, std::string_view path,
                               ending end) {
  if (host == nullptr) return nullptr;
  const auto match = [=](const routing_node* node) {
    return node != nullptr ? node->match(path, end) : nullptr;
  };
  const route* found = method.empty() ? nullptr : match(host->literal(method));
  if (found == nullptr && method == "HEAD") found = match(host->literal("GET"));
  return found != nullptr ? found : match(host->any());
}

}  // namespace

const route* routing_tree::match(std::string_view host, std::string_view method, std::string_view path,
                                 ending end) const {
  const route* found = nullptr;
  if (!host.empty()) found = match_with_method(root_->literal(host), method, path, end);
  return found != nullptr ? found : match_with_method(root_->any(), method, path, end);
}

void routing_tree::allowed_methods(std::string_view host, std::string_view path, ending end,
                                   std::vector<std::string_view>& methods) const {
  const auto look_at = [&](const routing_node* node) {
    if (node == nullptr) return;
    node->each_literal([&](const routing_node& method) {
      if (method.match(path, end) == nullptr) return;
      methods.push_back(method.text());
      if (method.text() == "GET") methods.push_back("HEAD");
    });
  };
  if (!host.empty()) look_at(root_->literal(host));
  look_at(root_->any());
}

bool is_exact_match(const pattern& p, std::string_view path, ending end) noexcept {
  if (p.last().is != kind::rest) return true;
  const bool added = end == ending::with_slash;
  const auto slashes = static_cast<std::size_t>(std::ranges::count(path, '/')) + (added ? 1 : 0);
  return (added || path.ends_with('/')) && p.segments().size() == slashes;
}

}  // namespace warren::http
