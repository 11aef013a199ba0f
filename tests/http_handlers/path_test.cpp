// SPDX-License-Identifier: MIT
// The tables follow the behaviour of Go's package path and of net/http's cleanPath.
#include <warren/http/path.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace {

namespace http = warren::http;

using pairs = std::pair<const char*, const char*>[];

TEST(path, Clean) {
  for (const auto& [path, clean] : pairs{
           {"", "."},
           {"abc", "abc"},
           {"abc/def", "abc/def"},
           {"a/b/c", "a/b/c"},
           {".", "."},
           {"..", ".."},
           {"../..", "../.."},
           {"../../abc", "../../abc"},
           {"/abc", "/abc"},
           {"/", "/"},
           {"abc/", "abc"},
           {"abc/def/", "abc/def"},
           {"./", "."},
           {"../", ".."},
           {"../../", "../.."},
           {"/abc/", "/abc"},
           {"abc//def//ghi", "abc/def/ghi"},
           {"//abc", "/abc"},
           {"///abc", "/abc"},
           {"//abc//", "/abc"},
           {"abc//", "abc"},
           {"abc/./def", "abc/def"},
           {"/./abc/def", "/abc/def"},
           {"abc/.", "abc"},
           {"abc/def/ghi/../jkl", "abc/def/jkl"},
           {"abc/def/../ghi/../jkl", "abc/jkl"},
           {"abc/def/..", "abc"},
           {"abc/def/../..", "."},
           {"/abc/def/../..", "/"},
           {"abc/def/../../..", ".."},
           {"/abc/def/../../..", "/"},
           {"abc/def/../../../ghi/jkl/../../../mno", "../../mno"},
           {"abc/./../def", "def"},
           {"abc//./../def", "def"},
           {"abc/../../././../def", "../../def"},
           {"...", "..."},
           {"/...", "/..."},
       }) {
    EXPECT_EQ(http::clean(path), clean) << path;
    EXPECT_EQ(http::clean(clean), clean) << path;
  }
}

TEST(path, CleanPath) {
  for (const auto& [path, clean] : pairs{
           {"", "/"},
           {"//", "/"},
           {"/x", "/x"},
           {"//x", "/x"},
           {"x//", "/x/"},
           {"a//b/////c", "/a/b/c"},
           {"/foo/../bar/./..//baz", "/baz"},
           {"/a/..", "/"},
           {"/a/../", "/"},
           {"/a/.", "/a"},
           {"/a/./", "/a/"},
       }) {
    EXPECT_EQ(http::clean_path(path), clean) << path;
    EXPECT_EQ(http::is_clean_path(path), std::string(path) == clean) << path;
    EXPECT_TRUE(http::is_clean_path(clean)) << clean;
  }
  EXPECT_FALSE(http::is_clean_path("/a/../"));
  EXPECT_FALSE(http::is_clean_path("a"));
  EXPECT_TRUE(http::is_clean_path("/a/..."));
}

TEST(path, BaseName) {
  for (const auto& [path, base] : pairs{{"", "."},
                                        {".", "."},
                                        {"/.", "."},
                                        {"/", "/"},
                                        {"////", "/"},
                                        {"x/", "x"},
                                        {"abc", "abc"},
                                        {"abc/def", "def"},
                                        {"a/b/.x", ".x"},
                                        {"a/b/c.", "c."}}) {
    EXPECT_EQ(http::base_name(path), base) << path;
  }
}

TEST(path, Extension) {
  for (const auto& [path, ext] : pairs{{"path.go", ".go"},
                                       {"path.pb.go", ".go"},
                                       {"a.dir/b", ""},
                                       {"a.dir/b.go", ".go"},
                                       {"a.dir/", ""},
                                       {"", ""},
                                       {".html", ".html"}}) {
    EXPECT_EQ(http::extension(path), ext) << path;
  }
}

TEST(path, Unescaped) {
  for (const auto& [text, plain] : pairs{{"", ""},
                                         {"a", "a"},
                                         {"%61%2Fb", "a/b"},
                                         {"a+b", "a+b"},
                                         {"%", "%"},
                                         {"%6", "%6"},
                                         {"%zz%61", "%zz%61"},
                                         {"100%25", "100%"}}) {
    EXPECT_EQ(http::unescaped(text), plain) << text;
  }
}

}  // namespace
