// SPDX-License-Identifier: MIT
// The tables follow the behaviour of Go's net/http (pattern_test).
#include <warren/http/pattern.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace {

using namespace warren;
using http::pattern;
using http::relation;
using kind = http::segment::kind;
using segments = std::vector<http::segment>;

pattern parsed(std::string_view text) {
  auto [p, err] = pattern::parse(text);
  EXPECT_EQ(err, nil) << text << ": " << err;
  return p;
}

http::segment lit(std::string text) { return {kind::literal, std::move(text)}; }
http::segment wild(std::string name) { return {kind::wildcard, std::move(name)}; }
http::segment rest(std::string name = "") { return {kind::rest, std::move(name)}; }
http::segment end() { return {kind::end, ""}; }

TEST(pattern, Parse) {
  const struct {
    const char* text;
    const char* method;
    const char* host;
    segments path;
  } cases[] = {
      {"/", "", "", {rest()}},
      {"/a", "", "", {lit("a")}},
      {"/a/", "", "", {lit("a"), rest()}},
      {"/path/to/something", "", "", {lit("path"), lit("to"), lit("something")}},
      {"/{w1}/lit/{w2}", "", "", {wild("w1"), lit("lit"), wild("w2")}},
      {"/{w1}/lit/{w2}/", "", "", {wild("w1"), lit("lit"), wild("w2"), rest()}},
      {"example.com/", "", "example.com", {rest()}},
      {"GET /", "GET", "", {rest()}},
      {"POST example.com/foo/{w}", "POST", "example.com", {lit("foo"), wild("w")}},
      {"/{$}", "", "", {end()}},
      {"DELETE example.com/a/{foo12}/{$}", "DELETE", "example.com", {lit("a"), wild("foo12"), end()}},
      {"/foo/{$}", "", "", {lit("foo"), end()}},
      {"/{a}/foo/{rest...}", "", "", {wild("a"), lit("foo"), rest("rest")}},
      {"//", "", "", {lit(""), rest()}},
      {"/foo///./../bar", "", "", {lit("foo"), lit(""), lit(""), lit("."), lit(".."), lit("bar")}},
      {"a.com/foo//", "", "a.com", {lit("foo"), lit(""), rest()}},
      {"/%61%62/%7b/%", "", "", {lit("ab"), lit("{"), lit("%")}},
      {"GET\t  /", "GET", "", {rest()}},
      {"POST \t  example.com/foo/{w}", "POST", "example.com", {lit("foo"), wild("w")}},
      {"DELETE    \texample.com/a/{foo12}/{$}", "DELETE", "example.com", {lit("a"), wild("foo12"), end()}},
      {"/{_a1}/{\xC3\xA9}", "", "", {wild("_a1"), wild("\xC3\xA9")}},
      {"CONNECT //a", "CONNECT", "", {lit(""), lit("a")}},
      {" /", "", "", {rest()}},
  };
  for (const auto& c : cases) {
    const pattern p = parsed(c.text);
    EXPECT_EQ(p.text(), c.text);
    EXPECT_EQ(p.method(), c.method) << c.text;
    EXPECT_EQ(p.host(), c.host) << c.text;
    EXPECT_TRUE(p.segments() == c.path) << c.text;
  }
}

TEST(pattern, Malformed) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "empty pattern"},
      {"A=B /", "at offset 0: invalid method \"A=B\""},
      {" ", "at offset 1: host/path missing /"},
      {"GET", "at offset 0: host/path missing /"},
      {"/{w}x", "at offset 1: bad wildcard segment (must end with '}')"},
      {"/x{w}", "at offset 1: bad wildcard segment (must start with '{')"},
      {"/{wx", "at offset 1: bad wildcard segment (must end with '}')"},
      {"/a/{/}/c", "at offset 3: bad wildcard segment (must end with '}')"},
      {"/a/{%61}/c", "at offset 3: bad wildcard name \"%61\""},
      {"/{a$}", "at offset 1: bad wildcard name \"a$\""},
      {"/{1a}", "at offset 1: bad wildcard name \"1a\""},
      {"/{}", "at offset 1: empty wildcard"},
      {"POST a.com/x/{}/y", "at offset 13: empty wildcard"},
      {"/{...}", "at offset 1: empty wildcard"},
      {"/{$...}", "at offset 1: bad wildcard name \"$\""},
      {"/{$}/", "at offset 1: {$} not at end"},
      {"/{$}/x", "at offset 1: {$} not at end"},
      {"/abc/{$}/x", "at offset 5: {$} not at end"},
      {"/{a...}/", "at offset 1: {...} wildcard not at end"},
      {"/{a...}/x", "at offset 1: {...} wildcard not at end"},
      {"{a}/b", "at offset 0: host contains '{' (missing initial '/'?)"},
      {"/a/{x}/b/{x...}", "at offset 9: duplicate wildcard name \"x\""},
      {"GET //", "at offset 4: non-CONNECT pattern with unclean path can never match"},
      {"GET /a/../b", "at offset 4: non-CONNECT pattern with unclean path can never match"},
  };
  for (const auto& [text, expected] : cases)
    EXPECT_EQ(pattern::parse(text).err().message(), expected) << text;
}

TEST(pattern, CompareMethods) {
  const struct {
    const char *a, *b;
    relation expected;
  } cases[] = {
      {"/", "/", relation::same},
      {"GET /", "GET /", relation::same},
      {"HEAD /", "HEAD /", relation::same},
      {"POST /", "POST /", relation::same},
      {"GET /", "POST /", relation::disjoint},
      {"GET /", "/", relation::narrower},
      {"HEAD /", "/", relation::narrower},
      {"GET /", "HEAD /", relation::wider},
  };
  for (const auto& [a, b, expected] : cases) {
    EXPECT_EQ(compare_methods(parsed(a), parsed(b)), expected) << a << " and " << b;
    EXPECT_EQ(compare_methods(parsed(b), parsed(a)), inverse(expected)) << b << " and " << a;
  }
}

TEST(pattern, ComparePaths) {
  const struct {
    const char *a, *b;
    relation expected;
  } cases[] = {
      // A literal goes before anything it overlaps.
      {"/a", "/a", relation::same},
      {"/a", "/b", relation::disjoint},
      {"/a", "/", relation::narrower},
      {"/a", "/{$}", relation::disjoint},
      {"/a", "/{x}", relation::narrower},
      {"/a", "/{x...}", relation::narrower},
      {"/b/a", "/b/a", relation::same},
      {"/b/a", "/b/b", relation::disjoint},
      {"/b/a", "/b/", relation::narrower},
      {"/b/a", "/b/{$}", relation::disjoint},
      {"/b/a", "/b/{x}", relation::narrower},
      {"/b/a", "/b/{x...}", relation::narrower},
      {"/{z}/a", "/{z}/a", relation::same},
      {"/{z}/a", "/{z}/b", relation::disjoint},
      {"/{z}/a", "/{z}/", relation::narrower},
      {"/{z}/a", "/{z}/{$}", relation::disjoint},
      {"/{z}/a", "/{z}/{x}", relation::narrower},
      {"/{z}/a", "/{z}/{x...}", relation::narrower},
      // A wildcard.
      {"/{z}", "/a", relation::wider},
      {"/{z}", "/a/b", relation::disjoint},
      {"/{z}", "/{$}", relation::disjoint},
      {"/{z}", "/{x}", relation::same},
      {"/{z}", "/", relation::narrower},
      {"/{z}", "/{x...}", relation::narrower},
      {"/b/{z}", "/b/a/b", relation::disjoint},
      {"/b/{z}", "/b/{x}", relation::same},
      {"/b/{z}", "/b/", relation::narrower},
      // A rest.
      {"/", "/a", relation::wider},
      {"/", "/a/b", relation::wider},
      {"/", "/{$}", relation::wider},
      {"/", "/{x}", relation::wider},
      {"/", "/", relation::same},
      {"/", "/{x...}", relation::same},
      {"/b/", "/b/a/b", relation::wider},
      {"/b/", "/b/{$}", relation::wider},
      {"/b/", "/b/{x...}", relation::same},
      {"/{z}/", "/{z}/a", relation::wider},
      {"/{z}/", "/{z}/a/b", relation::wider},
      {"/{z}/", "/{z}/{$}", relation::wider},
      {"/{z}/", "/a/", relation::wider},
      {"/{z}/", "/a/{x...}", relation::wider},
      {"/a/{z}/", "/{z}/a/", relation::overlapping},
      {"/a/{z}/b/", "/{x}/c/{y...}", relation::overlapping},
      {"/b/{m...}", "/a/{x...}", relation::disjoint},
      {"/{z}/{m...}", "/{w}/", relation::same},
      {"/{z}/{m...}", "/a/{x...}", relation::wider},
      {"/a/{m...}", "/a/b/{y...}", relation::wider},
      {"/a/{m...}", "/a/{x}/{y...}", relation::wider},
      {"/a/{z}/{m...}", "/a/b/{y...}", relation::wider},
      {"/a/{z}/{m...}", "/{z}/a/", relation::overlapping},
      {"/a/{z}/{m...}", "/{z}/b/{y...}", relation::overlapping},
      {"/a/{z}/b/{m...}", "/{x}/c/{y...}", relation::overlapping},
      {"/a/{z}/a/{m...}", "/{x}/b", relation::disjoint},
      // An end.
      {"/{$}", "/a", relation::disjoint},
      {"/{$}", "/a/b", relation::disjoint},
      {"/{$}", "/{$}", relation::same},
      {"/{$}", "/{x}", relation::disjoint},
      {"/{$}", "/", relation::narrower},
      {"/{$}", "/{x...}", relation::narrower},
      {"/b/{$}", "/b", relation::disjoint},
      {"/b/{$}", "/b/a/b", relation::disjoint},
      {"/b/{$}", "/b/{$}", relation::same},
      {"/b/{$}", "/b/", relation::narrower},
      {"/b/{$}", "/b/c/{x...}", relation::disjoint},
      {"/b/{x}/a/{$}", "/{x}/c/{y...}", relation::overlapping},
      {"/{x}/b/{$}", "/a/{x}/{y}", relation::disjoint},
      {"/{x}/b/{$}", "/a/{x}/c", relation::disjoint},
      {"/{z}/{$}", "/{z}/a", relation::disjoint},
      {"/{z}/{$}", "/{z}/", relation::narrower},
      {"/{z}/{$}", "/a/", relation::overlapping},
      {"/{z}/{$}", "/a/{x...}", relation::overlapping},
      {"/a/{z}/{$}", "/{z}/a/", relation::overlapping},
  };
  for (const auto& [a, b, expected] : cases) {
    EXPECT_EQ(compare_paths(parsed(a), parsed(a)), relation::same) << a;
    EXPECT_EQ(compare_paths(parsed(a), parsed(b)), expected) << a << " and " << b;
    EXPECT_EQ(compare_paths(parsed(b), parsed(a)), inverse(expected)) << b << " and " << a;
  }
}

TEST(pattern, Conflicts) {
  const struct {
    const char *a, *b;
    bool expected;
  } cases[] = {
      {"/a", "/a", true},
      {"/a", "/ab", false},
      {"/a/b/cd", "/a/b/cd", true},
      {"/a/b/cd", "/a/b/c", false},
      {"/a/b/c", "/a/c/c", false},
      {"/{x}", "/{y}", true},
      {"/{x}", "/a", false},
      {"/{x}/{y}", "/{x}/a", false},
      {"/{x}/{y}", "/{x}/a/b", false},
      {"/{x}", "/a/{y}", false},
      {"/{x}/{y}", "/{x}/a/", false},
      {"/{x}", "/a/{y...}", false},
      {"/{x}/a/{y}", "/{x}/a/{y...}", false},
      {"/{x}/{y}", "/{x}/a/{$}", false},
      {"/{x}/{y}/{$}", "/{x}/a/{$}", false},
      {"/a/{x}", "/{x}/b", true},
      {"/", "GET /", false},
      {"/", "GET /foo", false},
      {"GET /", "GET /foo", false},
      {"GET /", "/foo", true},
      {"GET /foo", "HEAD /", true},
      {"a.com/x", "/x", false},
      {"a.com/x", "b.com/x", false},
      {"a.com/{x}", "a.com/{y}", true},
      {"a.com/a/{x}", "/{y}/b", false},
      {"POST /a", "GET /a", false},
  };
  for (const auto& [a, b, expected] : cases) {
    EXPECT_EQ(in_conflict(parsed(a), parsed(b)), expected) << a << " and " << b;
    EXPECT_EQ(in_conflict(parsed(b), parsed(a)), expected) << b << " and " << a;
  }
}

TEST(pattern, DescribeConflict) {
  const struct {
    const char *a, *b, *expected;
  } cases[] = {
      {"/a/{x}", "/a/{y}", "/a/{x} matches the same requests as /a/{y}"},
      {"/", "/{m...}", "/ matches the same requests as /{m...}"},
      {"/a/{x}", "/{y}/b",
       "/a/{x} and /{y}/b both match some paths, like \"/a/b\".\n"
       "But neither is more specific than the other.\n"
       "/a/{x} matches \"/a/x\", but /{y}/b doesn't.\n"
       "/{y}/b matches \"/y/b\", but /a/{x} doesn't."},
      {"/a", "GET /{x}", "/a matches more methods than GET /{x}, but has a more specific path pattern"},
      {"GET /a", "HEAD /", "GET /a matches more methods than HEAD /, but has a more specific path pattern"},
      {"POST /", "/a", "POST / matches fewer methods than /a, but has a more general path pattern"},
  };
  for (const auto& [a, b, expected] : cases) EXPECT_EQ(describe_conflict(parsed(a), parsed(b)), expected);
}

TEST(pattern, CommonPath) {
  const struct {
    const char *a, *b, *expected;
  } cases[] = {
      {"/a/{x}", "/{x}/a", "/a/a"},
      {"/a/{z}/", "/{z}/a/", "/a/a/"},
      {"/a/{z}/{m...}", "/{z}/a/", "/a/a/"},
      {"/{z}/{$}", "/a/", "/a/"},
      {"/{z}/{$}", "/a/{x...}", "/a/"},
      {"/a/{z}/{$}", "/{z}/a/", "/a/a/"},
      {"/a/{x}/b/{y...}", "/{x}/c/{y...}", "/a/c/b/"},
      {"/a/{x}/b/", "/{x}/c/{y...}", "/a/c/b/"},
      {"/a/{x}/b/{$}", "/{x}/c/{y...}", "/a/c/b/"},
      {"/a/{z}/{x...}", "/{z}/b/{y...}", "/a/b/"},
  };
  for (const auto& [a, b, expected] : cases) EXPECT_EQ(common_path(parsed(a), parsed(b)), expected) << a << b;
}

TEST(pattern, DifferencePath) {
  const struct {
    const char *a, *b, *expected;
  } cases[] = {
      {"/a/{x}", "/{x}/a", "/a/x"},
      {"/{x}/a", "/a/{x}", "/x/a"},
      {"/a/{z}/", "/{z}/a/", "/a/z/"},
      {"/{z}/a/", "/a/{z}/", "/z/a/"},
      {"/{a}/a/", "/a/{z}/", "/ax/a/"},
      {"/a/{z}/{x...}", "/{z}/b/{y...}", "/a/z/"},
      {"/{z}/b/{y...}", "/a/{z}/{x...}", "/z/b/"},
      {"/a/b/", "/a/b/c", "/a/b/"},
      {"/a/b/{x...}", "/a/b/c/d/", "/a/b/"},
      {"/{z}/{$}", "/a/", "/z/"},
      {"/a/", "/{z}/{$}", "/a/x"},
      {"/{z}/{$}", "/a/{x...}", "/z/"},
      {"/a/{foo...}", "/{z}/{$}", "/a/foo"},
      {"/a/{z}/{$}", "/{z}/a/", "/a/z/"},
      {"/{z}/a/", "/a/{z}/{$}", "/z/a/x"},
      {"/a/{x}/b/{y...}", "/{x}/c/{y...}", "/a/x/b/"},
      {"/{x}/c/{y...}", "/a/{x}/b/{y...}", "/x/c/"},
      {"/a/{c}/b/", "/{x}/c/{y...}", "/a/cx/b/"},
      {"/{x}/c/{y...}", "/a/{c}/b/", "/x/c/"},
      {"/a/{x}/b/{$}", "/{x}/c/{y...}", "/a/x/b/"},
      {"/{x}/c/{y...}", "/a/{x}/b/{$}", "/x/c/"},
  };
  for (const auto& [a, b, expected] : cases)
    EXPECT_EQ(difference_path(parsed(a), parsed(b)), expected) << a << b;
}

}  // namespace
