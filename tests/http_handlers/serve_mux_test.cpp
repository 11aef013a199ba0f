// SPDX-License-Identifier: MIT
// The tables follow the behaviour of Go's net/http (server_test, serve_test, request_test).
#include <warren/errors/panic.hpp>
#include <warren/http/replies.hpp>
#include <warren/http/response_writer.hpp>
#include <warren/http/serve_mux.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <source_location>
#include <string>

#include "call.hpp"

namespace {

using namespace warren;
using tests::answer;
using tests::call;
using tests::get;
using tests::request_for;

/// A handler that answers with a text.
http::handler_func says(std::string text) {
  return [text](http::response_writer& w, http::request&) { w.write(text); };
}

/// A handler that answers with what some wildcards stand for.
http::handler_func says_values(std::vector<std::string> names) {
  return [names](http::response_writer& w, http::request& r) {
    for (const std::string& name : names) w.write(name + "=" + r.path_value(name) + ";");
  };
}

std::string panic_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const panic_error& e) {
    return e.what();
  }
  return "no panic";
}

TEST(serve_mux, WhoAnswers) {
  http::serve_mux mux;
  mux.handle("/", says("1"));
  mux.handle("/foo/", says("2"));
  mux.handle("/foo", says("3"));
  mux.handle("/bar/", says("4"));
  mux.handle("//foo", says("5"));
  const struct {
    const char *method, *path, *expected;
  } cases[] = {
      {"GET", "/", "1"},
      {"GET", "//", "-> /"},
      {"GET", "/foo/../bar/./..//baz", "-> /baz"},
      {"GET", "/foo", "3"},
      {"GET", "/foo/x", "2"},
      {"GET", "/bar/x", "4"},
      {"GET", "/bar", "-> /bar/"},
      {"CONNECT", "/", "1"},
      {"CONNECT", "//", "1"},
      {"CONNECT", "//foo", "5"},
      {"CONNECT", "/foo/../bar/./..//baz", "2"},
      {"CONNECT", "/foo", "3"},
      {"CONNECT", "/foo/x", "2"},
      {"CONNECT", "/bar/x", "4"},
      {"CONNECT", "/bar", "-> /bar/"},
  };
  for (const auto& [method, path, expected] : cases) {
    http::request r = request_for(method, "/");
    r.url.path = path;
    const answer a = call(mux, r);
    EXPECT_EQ(a.status == 307 ? "-> " + a.field("Location") : a.body, expected) << method << ' ' << path;
  }
}

TEST(serve_mux, Empty) {
  http::serve_mux mux;
  const answer a = get(mux, "/");
  EXPECT_EQ(a.status, 404);
  EXPECT_EQ(a.body, "404 page not found\n");
  EXPECT_EQ(a.field("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(a.field("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(mux.handler(request_for("GET", "/")).second, "");
}

TEST(serve_mux, PathValues) {
  http::serve_mux mux;
  mux.handle("/b/{bucket}/o/{object...}", says_values({"bucket", "object", "other"}));
  mux.handle("GET /items/{id}", says_values({"id"}));
  mux.handle("/files/", says("files"));
  EXPECT_EQ(get(mux, "/b/one/o/two/three").body, "bucket=one;object=two/three;other=;");
  EXPECT_EQ(get(mux, "/b/one/o/").body, "bucket=one;object=;other=;");
  EXPECT_EQ(get(mux, "/b/a%2Fb/o/c%2Fd/100%25").body, "bucket=a/b;object=c/d/100%;other=;");
  EXPECT_EQ(get(mux, "/items/%C3%A9%20x").body, "id=\xC3\xA9 x;");
  EXPECT_EQ(get(mux, "/files/a").body, "files");
}

TEST(serve_mux, SetsThePattern) {
  http::serve_mux mux;
  mux.handle("GET /a/{x}", says(""));
  mux.handle("/b/", says(""));
  const auto pattern_for = [&](const char* method, const char* path) {
    http::request r = request_for(method, path);
    r.pattern = "old";
    call(mux, r);
    EXPECT_EQ(mux.handler(request_for(method, path)).second, r.pattern);
    return r.pattern;
  };
  EXPECT_EQ(pattern_for("GET", "/a/1"), "GET /a/{x}");
  EXPECT_EQ(pattern_for("HEAD", "/a/1"), "GET /a/{x}");
  EXPECT_EQ(pattern_for("GET", "/b"), "/b/");  // after the redirect
  EXPECT_EQ(pattern_for("GET", "/c/../a/1"), "GET /a/{x}");
  EXPECT_EQ(pattern_for("GET", "/nothing"), "");
  EXPECT_EQ(pattern_for("POST", "/a/1"), "");
}

TEST(serve_mux, ValuesOfAnOuterMuxAreGone) {
  http::serve_mux outer, inner;
  inner.handle("/x/{b}", says_values({"a", "b"}));
  outer.handle("/x/{a}", inner);
  EXPECT_EQ(get(outer, "/x/1").body, "a=;b=1;");
}

TEST(serve_mux, Hosts) {
  http::serve_mux mux;
  mux.handle("example.com/", says("host"));
  mux.handle("/", says("any"));
  mux.handle("::1/six", says("six"));
  const auto at = [&](const char* host, const char* path = "/") {
    return call(mux, request_for("GET", path, host)).body;
  };
  EXPECT_EQ(at("example.com"), "host");
  EXPECT_EQ(at("example.com:8080"), "host");
  EXPECT_EQ(at("www.example.com"), "any");
  EXPECT_EQ(at(""), "any");
  EXPECT_EQ(at("[::1]:80", "/six"), "six");
  EXPECT_EQ(at("[::1]", "/six"), "any");
}

TEST(serve_mux, MethodNotAllowed) {
  http::serve_mux mux;
  mux.handle("GET /a", says("get"));
  mux.handle("PUT /a", says("put"));
  mux.handle("POST example.com/a", says("post"));
  mux.handle("DELETE /tree/", says("delete"));
  const answer a = call(mux, request_for("PATCH", "/a"));
  EXPECT_EQ(a.status, 405);
  EXPECT_EQ(a.field("Allow"), "GET, HEAD, POST, PUT");
  EXPECT_EQ(a.body, "Method Not Allowed\n");
  EXPECT_EQ(call(mux, request_for("PATCH", "/a", "b.com")).field("Allow"), "GET, HEAD, PUT");
  EXPECT_EQ(call(mux, request_for("GET", "/tree/x")).field("Allow"), "DELETE");
  EXPECT_EQ(call(mux, request_for("GET", "/tree")).field("Allow"), "DELETE");
  EXPECT_EQ(call(mux, request_for("PATCH", "/b")).status, 404);
  EXPECT_EQ(call(mux, request_for("HEAD", "/a")).body, "get");
}

TEST(serve_mux, Redirects) {
  http::serve_mux mux;
  mux.handle("/tree/", says("tree"));
  mux.handle("/rest/{x...}", says("rest"));
  mux.handle("/end/{$}", says("end"));
  mux.handle("/both", says("both"));
  mux.handle("/both/", says("both/"));
  mux.handle("/a%20b/", says("blank"));
  const auto to = [&](const char* path) {
    const answer a = get(mux, path);
    EXPECT_EQ(a.status, 307) << path;
    return a.field("Location");
  };
  EXPECT_EQ(to("/tree"), "/tree/");
  EXPECT_EQ(to("/tree?x=1&y=%20"), "/tree/?x=1&y=%20");
  EXPECT_EQ(to("/rest"), "/rest/");
  EXPECT_EQ(to("/end"), "/end/");
  EXPECT_EQ(to("/a%20b"), "/a%20b/");
  EXPECT_EQ(to("/x/../tree/y?q"), "/tree/y?q");
  EXPECT_EQ(to("//evil.com/%2e%2e/"), "/evil.com/%2e%2e/");
  EXPECT_EQ(to("/x/../a%2Fb"), "/a%2Fb");
  EXPECT_EQ(get(mux, "/both").body, "both");
  EXPECT_EQ(get(mux, "/tree").body, "<a href=\"/tree/\">Temporary Redirect</a>.\n\n");
  EXPECT_EQ(get(mux, "/end/x").status, 404);
  // An escaped dot is no dot.
  EXPECT_EQ(get(mux, "/tree/%2e%2e/x").body, "tree");
}

TEST(serve_mux, StarIsRefused) {
  http::serve_mux mux;
  mux.handle("/", says("any"));
  http::request r = request_for("OPTIONS", "/");
  r.request_uri = "*";
  r.url.path = "*";
  const answer a = call(mux, r);
  EXPECT_EQ(a.status, 400);
  EXPECT_EQ(a.field("Connection"), "close");
}

TEST(serve_mux, EscapedPaths) {
  http::serve_mux mux;
  for (const char* pattern : {"/a", "/%62", "/%7B/%7D", "/%x"}) mux.handle(pattern, says(pattern));
  const std::pair<const char*, const char*> cases[] = {
      {"/a", "/a"},         {"/%61", "/a"},         {"/b", "/%62"},           {"/%62", "/%62"},
      {"/{/}", "/%7B/%7D"}, {"/%7b/}", "/%7B/%7D"}, {"/%7B/%7D", "/%7B/%7D"}, {"/%25x", "/%x"}};
  for (const auto& [path, expected] : cases) EXPECT_EQ(get(mux, path).body, expected) << path;
}

TEST(serve_mux, MalformedPatterns) {
  http::serve_mux mux;
  EXPECT_EQ(panic_of([&] { mux.handle("", says("")); }), "http: invalid pattern");
  EXPECT_EQ(panic_of([&] { mux.handle("/", nullptr); }), "http: nil handler");
  EXPECT_EQ(panic_of([&] { mux.handle("/{x", says("")); }),
            "parsing \"/{x\": at offset 1: bad wildcard segment (must end with '}')");
  EXPECT_EQ(get(mux, "/").status, 404);
}

TEST(serve_mux, Conflict) {
  http::serve_mux mux;
  const auto here = std::source_location::current();
  mux.handle("/a/{x}/", says("first"));
  const std::string what = panic_of([&] { mux.handle("/a/{y}/{z...}", says("second")); });
  const auto place = [&](unsigned line) {
    return std::string(here.file_name()) + ":" + std::to_string(line);
  };
  EXPECT_EQ(what, "pattern \"/a/{y}/{z...}\" (registered at " + place(here.line() + 2) +
                      ") conflicts with pattern \"/a/{x}/\" (registered at " + place(here.line() + 1) +
                      "):\n/a/{y}/{z...} matches the same requests as /a/{x}/");
  EXPECT_EQ(get(mux, "/a/1/2").body, "first");
}

TEST(serve_mux, CopiesShare) {
  http::serve_mux mux;
  const http::handler_func copy = mux;
  mux.handle_func("/late", says("late"));
  EXPECT_EQ(get(copy, "/late").body, "late");
}

TEST(serve_mux, Default) {
  http::handle("/default/handle", says("handle"));
  http::handle_func("/default/handle_func", says("handle_func"));
  EXPECT_EQ(get(http::default_serve_mux(), "/default/handle").body, "handle");
  EXPECT_EQ(get(http::default_serve_mux(), "/default/handle_func").body, "handle_func");
  const std::string what = panic_of([] { http::handle("/default/handle", says("")); });
  EXPECT_NE(what.find("serve_mux_test.cpp:"), std::string::npos) << what;
}

TEST(serve_mux, ManyPatterns) {
  http::serve_mux mux;
  constexpr int count = 5000;
  for (int i = 0; i < count; ++i)
    mux.handle("GET /api/" + std::to_string(i) + "/{id}", says(std::to_string(i)));
  for (int i = 0; i < count; i += 97)
    EXPECT_EQ(get(mux, "/api/" + std::to_string(i) + "/7").body, std::to_string(i));
}

}  // namespace
