// SPDX-License-Identifier: MIT
// The cases follow those of Go's net/http (fs_test).
#include <warren/http/file_server.hpp>
#include <warren/http/replies.hpp>
#include <warren/runtime/system.hpp>

#include <sys/stat.h>

#include <cerrno>
#include <string>

#include "../test.hpp"
#include "call.hpp"
#include "folder.hpp"

namespace {

using namespace warren;
using tests::answer;
using tests::call;
using tests::get;
using tests::request_for;

WARREN_TEST(file_server, Files) {
  const tests::folder at;
  at.write("a.txt", "text");
  at.write("dir/b.html", "<p>b");
  const auto h = http::file_server(at.path());
  const answer a = get(h, "/a.txt");
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.body, "text");
  EXPECT_EQ(a.field("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(a.field("Content-Length"), "4");
  EXPECT_TRUE(a.header.has("Last-Modified"));
  EXPECT_EQ(get(h, "/dir/b.html").body, "<p>b");
  EXPECT_EQ(get(h, "/dir/../a.txt").body, "text");
  EXPECT_EQ(get(h, "/%61.txt").body, "text");
  for (const char* method : {"HEAD", "POST", "PUT", "DELETE", "OPTIONS"}) {
    const answer other = call(h, request_for(method, "/a.txt"));
    EXPECT_EQ(other.status, 200) << method;
    EXPECT_EQ(other.body, method == std::string_view("HEAD") ? "" : "text") << method;
  }
}

WARREN_TEST(file_server, RangesAndConditions) {
  const tests::folder at;
  at.write("a.txt", "0123456789");
  const auto h = http::file_server(at.path());
  http::request r = request_for("GET", "/a.txt");
  r.header.set("Range", "bytes=3-5");
  const answer part = call(h, r);
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, "345");
  r.header.del("Range");
  r.header.set("If-Modified-Since", part.field("Last-Modified"));
  EXPECT_EQ(call(h, r).status, 304);
}

WARREN_TEST(file_server, Redirects) {
  const tests::folder at;
  at.write("dir/index.html", "index");
  at.write("file", "file");
  at.make("a b:c");
  const auto h = http::file_server(at.path());
  const auto to = [&](const char* path) {
    const answer a = get(h, path);
    EXPECT_EQ(a.status, 301) << path;
    return a.field("Location");
  };
  EXPECT_EQ(to("/dir"), "dir/");
  EXPECT_EQ(to("/dir?x=1"), "dir/?x=1");
  EXPECT_EQ(to("/dir/index.html"), "./");
  EXPECT_EQ(to("/file/"), "../file");
  EXPECT_EQ(to("/a%20b:c"), "./a%20b:c/");  // a colon alone would make a scheme of it
  EXPECT_EQ(get(h, "/dir/").body, "index");
  EXPECT_EQ(get(h, "/dir/").field("Content-Type"), "text/html; charset=utf-8");
  // Below an escaped slash it would lead elsewhere.
  EXPECT_EQ(get(h, "/x%2f..%2fdir").status, 404);
}

WARREN_TEST(file_server, UnderAPrefix) {
  const tests::folder at;
  at.write("a.txt", "text");
  EXPECT_EQ(get(http::strip_prefix("/static/", http::file_server(at.path())), "/static/a.txt").body, "text");
}

WARREN_TEST(file_server, Listing) {
  const tests::folder at;
  at.write("simple_name", "");
  at.write("\"'<>&", "");
  at.write("?foo=bar#baz", "");
  at.write("<combo>?foo", "");
  at.write("foo:bar", "");
  at.make("folder");
  const answer a = get(http::file_server(at.path()), "/");
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.field("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(a.body,
            "<!doctype html>\n<meta name=\"viewport\" content=\"width=device-width\">\n<pre>\n"
            "<a href=\"%22%27%3C%3E&amp;\">&#34;&#39;&lt;&gt;&amp;</a>\n"
            "<a href=\"%3Ccombo%3E%3Ffoo\">&lt;combo&gt;?foo</a>\n"
            "<a href=\"%3Ffoo=bar%23baz\">?foo=bar#baz</a>\n"
            "<a href=\"folder/\">folder/</a>\n"
            "<a href=\"./foo:bar\">foo:bar</a>\n"
            "<a href=\"simple_name\">simple_name</a>\n"
            "</pre>\n");
  http::request r = request_for("GET", "/");
  r.header.set("If-Modified-Since", a.field("Last-Modified"));
  EXPECT_EQ(call(http::file_server(at.path()), r).status, 304);
}

WARREN_TEST(file_server, NotThere) {
  const tests::folder at;
  at.write("root/file", "x");
  at.write("secret", "secret");
  at.link("root/out", "../secret");
  ASSERT_EQ(::mkfifo(at.path("root/pipe").c_str(), 0600), 0);
  const auto h = http::file_server(at.path("root"));
  for (const char* path : {"/none", "/file/none", "/out", "/pipe", "/..%2fsecret", "/%2e%2e/secret",
                           "/../secret", "/a%00b", "/%00", "/none/index.html/x"}) {
    const answer a = get(h, path);
    EXPECT_EQ(a.status, 404) << path;
    EXPECT_EQ(a.body, "404 page not found\n") << path;
    EXPECT_FALSE(a.header.has("Last-Modified"));
  }
  EXPECT_EQ(get(http::file_server(at.path("none")), "/").status, 404);
  EXPECT_EQ(get(h, std::string("/") + std::string(300, 'x')).status, 500);
}

int forbid_opening(runtime::sys::call c, void*) noexcept {
  return c == runtime::sys::call::open ? EACCES : 0;
}

// Without run(): faults are not for use beside other threads that make calls.
TEST(file_server, Forbidden) {
  const tests::folder at;
  at.write("locked", "x");
  runtime::sys::set_fault(forbid_opening, nullptr);
  const answer a = get(http::file_server(at.path()), "/locked");
  runtime::sys::set_fault(nullptr, nullptr);
  EXPECT_EQ(a.status, 403);
  EXPECT_EQ(a.body, "403 Forbidden\n");
}

}  // namespace
