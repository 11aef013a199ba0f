// SPDX-License-Identifier: MIT
// The tables follow the behaviour of Go's net/http (routing_tree_test, routing_index_test).
#include <warren/http/routing_tree.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <initializer_list>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace warren;
using http::routing_tree;

void add(routing_tree& tree, std::string_view text) {
  auto [p, err] = http::pattern::parse(text);
  ASSERT_EQ(err, nil) << text << ": " << err;
  tree.add(std::make_unique<const http::route>(http::route{std::move(p), nullptr, ""}));
}

void add_all(routing_tree& tree, std::initializer_list<const char*> texts) {
  for (const char* text : texts) add(tree, text);
}

std::string matched(const routing_tree& tree, std::string_view method, std::string_view host,
                    std::string_view path) {
  const http::route* const found = tree.match(host, method, path);
  return found == nullptr ? "" : found->to.text();
}

struct match_case {
  const char *method, *host, *path, *expected;
};

void check(const routing_tree& tree, std::initializer_list<match_case> cases) {
  for (const auto& [method, host, path, expected] : cases) {
    EXPECT_EQ(matched(tree, method, host, path), expected) << method << ' ' << host << path;
  }
}

TEST(routing_tree, TakeSegment) {
  std::string_view path = "/a/b%2Fc/";
  EXPECT_EQ(http::take_segment(path), "a");
  EXPECT_EQ(http::take_segment(path), "b%2Fc");
  EXPECT_EQ(path, "/");
}

TEST(routing_tree, MostSpecificFirst) {
  routing_tree tree;
  add_all(tree, {"/a", "/a/b", "/a/{x}", "/g/h/i", "/g/{x}/j", "/a/b/{x...}", "/a/b/{y}", "/a/b/{$}"});
  check(tree, {
                  {"GET", "", "/a", "/a"},
                  {"Get", "", "/b", ""},
                  {"Get", "", "/a/b", "/a/b"},
                  {"Get", "", "/a/c", "/a/{x}"},
                  {"Get", "", "/a/b/", "/a/b/{$}"},
                  {"Get", "", "/a/b/c", "/a/b/{y}"},
                  {"Get", "", "/a/b/c/d", "/a/b/{x...}"},
                  {"Get", "", "/g/h/i", "/g/h/i"},
                  {"Get", "", "/g/h/j", "/g/{x}/j"},
              });
}

TEST(routing_tree, MethodsAndHosts) {
  routing_tree tree;
  add_all(tree, {"/item/", "POST /item/{user}", "GET /item/{user}", "/item/{user}", "/item/{user}/{id}",
                 "/item/{user}/new", "/item/{$}", "POST alt.com/item/{user}", "GET /headwins",
                 "HEAD /headwins", "/path/{p...}"});
  check(tree, {
                  {"GET", "", "/item/jba", "GET /item/{user}"},
                  {"POST", "", "/item/jba", "POST /item/{user}"},
                  {"HEAD", "", "/item/jba", "GET /item/{user}"},
                  {"get", "", "/item/jba", "/item/{user}"},
                  {"POST", "", "/item/jba/17", "/item/{user}/{id}"},
                  {"GET", "", "/item/jba/new", "/item/{user}/new"},
                  {"GET", "", "/item/", "/item/{$}"},
                  {"GET", "", "/item/jba/17/line2", "/item/"},
                  {"POST", "alt.com", "/item/jba", "POST alt.com/item/{user}"},
                  {"GET", "alt.com", "/item/jba", "GET /item/{user}"},
                  {"GET", "", "/item", ""},
                  {"GET", "", "/headwins", "GET /headwins"},
                  {"HEAD", "", "/headwins", "HEAD /headwins"},
                  {"GET", "", "/path/to/file", "/path/{p...}"},
                  {"GET", "", "/path/*", "/path/{p...}"},
                  {"", "", "/path/x", "/path/{p...}"},
              });
}

TEST(routing_tree, EndWildcardAndRest) {
  routing_tree end, wildcard, rest, all;
  add(end, "/a/b/{$}");
  add(wildcard, "/a/b/{w}");
  add(rest, "/a/b/{w...}");
  add_all(all, {"/a/b/{$}", "/a/b/{w}", "/a/b/{w...}"});
  check(end, {{"GET", "", "/a/b", ""},
              {"GET", "", "/a/b/", "/a/b/{$}"},
              {"GET", "", "/a/b/c", ""},
              {"GET", "", "/a/b/c/d", ""}});
  check(wildcard, {{"GET", "", "/a/b", ""},
                   {"GET", "", "/a/b/", ""},
                   {"GET", "", "/a/b/c", "/a/b/{w}"},
                   {"GET", "", "/a/b/c/d", ""}});
  check(rest, {{"GET", "", "/a/b", ""},
               {"GET", "", "/a/b/", "/a/b/{w...}"},
               {"GET", "", "/a/b/c", "/a/b/{w...}"},
               {"GET", "", "/a/b/c/d", "/a/b/{w...}"}});
  check(all, {{"GET", "", "/a/b", ""},
              {"GET", "", "/a/b/", "/a/b/{$}"},
              {"GET", "", "/a/b/c", "/a/b/{w}"},
              {"GET", "", "/a/b/c/d", "/a/b/{w...}"}});
}

TEST(routing_tree, EscapedSegments) {
  routing_tree tree;
  add_all(tree, {"/a%2Fb/", "/a/b/", "/%62", "/%7B/%7D", "/x/{name}", "/x/{$}"});
  check(tree, {
                  {"GET", "", "/a%2fb/c", "/a%2Fb/"},
                  {"GET", "", "/a/b/c", "/a/b/"},
                  {"GET", "", "/b", "/%62"},
                  {"GET", "", "/%62", "/%62"},
                  {"GET", "", "/{/%7d", "/%7B/%7D"},
                  {"GET", "", "/x/%2F", "/x/{name}"},  // a segment that is a slash is not the end
                  {"GET", "", "/x/", "/x/{$}"},
              });
}

TEST(routing_tree, AllowedMethods) {
  const auto allowed = [](std::initializer_list<const char*> patterns, std::string_view host,
                          std::string_view path) {
    routing_tree tree;
    add_all(tree, patterns);
    std::vector<std::string_view> methods;
    tree.allowed_methods(host, path, http::ending::as_it_is, methods);
    std::ranges::sort(methods);
    std::string all;
    for (std::string_view m : methods) (all += all.empty() ? "" : ",") += m;
    return all;
  };
  EXPECT_EQ(allowed({"POST /"}, "", "/foo"), "POST");
  EXPECT_EQ(allowed({"GET /"}, "", "/foo"), "GET,HEAD");
  const auto with_hosts = {"GET a.com/", "PUT b.com/", "POST /foo/{x}"};
  EXPECT_EQ(allowed(with_hosts, "", "/foo"), "");
  EXPECT_EQ(allowed(with_hosts, "", "/foo/bar"), "POST");
  EXPECT_EQ(allowed(with_hosts, "a.com", "/foo/bar"), "GET,HEAD,POST");
  EXPECT_EQ(allowed(with_hosts, "b.com", "/bar"), "PUT");
  EXPECT_EQ(allowed({"/"}, "", "/"), "");
}

TEST(routing_tree, ExactMatch) {
  const auto exact = [](std::string_view text, std::string_view path) {
    return http::is_exact_match(http::pattern::parse(text).value(), path);
  };
  EXPECT_FALSE(exact("/", "/a"));
  EXPECT_TRUE(exact("/a", "/a"));
  EXPECT_FALSE(exact("/a/{x...}", "/a/b"));
  EXPECT_TRUE(exact("/a/{x}", "/a/b"));
  EXPECT_TRUE(exact("/a/b/", "/a/b/"));
  EXPECT_TRUE(exact("/a/b/{$}", "/a/b/"));
  EXPECT_FALSE(exact("/a/", "/a/b/"));
  const auto slash = [](std::string_view text, std::string_view path) {
    return http::is_exact_match(http::pattern::parse(text).value(), path, http::ending::with_slash);
  };
  EXPECT_TRUE(slash("/a/", "/a"));
  EXPECT_FALSE(slash("/", "/a"));
  EXPECT_TRUE(slash("/a/{x...}", "/a"));
  EXPECT_FALSE(slash("/a/{x...}", "/a/b"));
}

/// All patterns of one to three segments from a small set, with some methods and hosts.
std::vector<std::string> many_patterns() {
  const char* const segments[] = {"/a", "/b", "/{x}"};
  const char* const ends[] = {"/a", "/b", "/{y}", "/", "/{$}", "/{z...}"};
  std::vector<std::string> paths(std::begin(ends), std::end(ends));
  for (const char* first : segments) {
    for (const char* end : ends) {
      paths.push_back(std::string(first) + end);
      for (const char* second : {"/a", "/c", "/{w}"}) paths.push_back(std::string(first) + second + end);
    }
  }
  std::vector<std::string> all;
  for (const char* before : {"", "GET ", "HEAD ", "POST ", "GET h"}) {
    for (const std::string& path : paths) all.push_back(before + path);
  }
  return all;
}

// Whatever the order, a conflict is found if and only if one of those that are there is in conflict.
TEST(routing_tree, FindsEveryConflict) {
  std::vector<std::string> all = many_patterns();
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    std::ranges::shuffle(all, random);
    routing_tree tree;
    std::vector<http::pattern> there;
    for (const std::string& text : all) {
      auto [p, err] = http::pattern::parse(text);
      ASSERT_EQ(err, nil) << text;
      const bool expected = std::ranges::any_of(there, [&](const auto& q) { return in_conflict(p, q); });
      const http::route* const found = tree.find_conflict(p);
      ASSERT_EQ(found != nullptr, expected) << text;
      if (found != nullptr) {
        ASSERT_TRUE(in_conflict(p, found->to)) << text;
        continue;
      }
      there.push_back(p);
      add(tree, text);
    }
    ASSERT_GT(there.size(), 20U);
  }
}

/// Returns: whether a pattern without escapes matches, by its definition.
bool matches(const http::pattern& p, std::string_view host, std::string_view method, std::string path) {
  if (!p.host().empty() && p.host() != host) return false;
  if (!p.method().empty() && p.method() != method && !(p.method() == "GET" && method == "HEAD")) return false;
  for (const http::segment& s : p.segments()) {
    if (path.empty()) return false;
    if (s.is == http::segment::kind::rest) return true;
    if (s.is == http::segment::kind::end) return path == "/";
    if (path == "/") return false;
    const auto slash = path.find('/', 1);
    const std::string segment = path.substr(1, slash == std::string::npos ? slash : slash - 1);
    if (s.is == http::segment::kind::literal && s.text != segment) return false;
    path.erase(0, segment.size() + 1);
  }
  return path.empty();
}

// Of all patterns that match, the tree gives the one that every other one is wider than.
TEST(routing_tree, GivesTheNarrowest) {
  std::vector<std::string> all = many_patterns();
  std::mt19937 random(11);
  std::vector<std::string> paths = {"/", "/a", "/a/"};
  for (const char* first : {"/a", "/b", "/q"}) {
    for (const char* second : {"/a", "/c", "/q", "/"}) {
      paths.push_back(std::string(first) + second);
      if (std::string_view(second) == "/") continue;
      for (const char* third : {"/a", "/q", "/", "/a/", "/a/b"})
        paths.push_back(std::string(first) + second + third);
    }
  }
  for (int round = 0; round < 20; ++round) {
    std::ranges::shuffle(all, random);
    routing_tree tree;
    std::vector<http::pattern> there;
    for (const std::string& text : all) {
      auto p = http::pattern::parse(text).value();
      if (tree.find_conflict(p) != nullptr) continue;
      there.push_back(p);
      add(tree, text);
    }
    for (const char* host : {"", "h"}) {
      for (const char* method : {"GET", "HEAD", "POST", "PUT"}) {
        for (const std::string& path : paths) {
          const http::pattern* best = nullptr;
          for (const http::pattern& p : there) {
            if (!matches(p, host, method, path)) continue;
            const bool narrower =
                best == nullptr || (best->host().empty() && !p.host().empty()) ||
                (best->host() == p.host() && (compare_methods(p, *best) == http::relation::narrower ||
                                              compare_paths(p, *best) == http::relation::narrower));
            if (narrower) best = &p;
          }
          ASSERT_EQ(matched(tree, method, host, path), best == nullptr ? "" : best->text())
              << method << ' ' << host << path;
          if (!path.ends_with('/')) {
            ASSERT_EQ(tree.match(host, method, path, http::ending::with_slash),
                      tree.match(host, method, path + "/"))
                << method << ' ' << host << path;
          }
        }
      }
    }
  }
}

// Readers take no lock: while one thread adds, what has been added is found by all.
TEST(routing_tree, ReadersBesideAWriter) {
  routing_tree tree;
  constexpr int count = 2000;
  std::atomic<int> added{0};
  std::vector<std::thread> readers;
  std::atomic<bool> missing{false};
  for (int r = 0; r < 2; ++r) {
    readers.emplace_back([&] {
      for (int have = 0; have < count;) {
        have = added.load(std::memory_order_acquire);
        if (have == 0) continue;
        const std::string last = "/files/" + std::to_string(have - 1);
        if (matched(tree, "GET", "", last) != last || matched(tree, "GET", "", "/files/0") != "/files/0") {
          missing.store(true);
        }
      }
    });
  }
  for (int i = 0; i < count; ++i) {
    add(tree, "/files/" + std::to_string(i));
    added.store(i + 1, std::memory_order_release);
  }
  for (std::thread& t : readers) t.join();
  EXPECT_FALSE(missing.load());
}

}  // namespace
