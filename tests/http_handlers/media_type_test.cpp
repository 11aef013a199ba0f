// SPDX-License-Identifier: MIT
#include <warren/http/media_type.hpp>

#include <gtest/gtest.h>

namespace {

using warren::http::media_type_of;

TEST(media_type, Known) {
  EXPECT_EQ(media_type_of(".html"), "text/html; charset=utf-8");
  EXPECT_EQ(media_type_of(".HTML"), "text/html; charset=utf-8");
  EXPECT_EQ(media_type_of(".js"), "text/javascript; charset=utf-8");
  EXPECT_EQ(media_type_of(".7z"), "application/x-7z-compressed");
  EXPECT_EQ(media_type_of(".zst"), "application/zstd");
  EXPECT_EQ(media_type_of(".svg"), "image/svg+xml");
}

TEST(media_type, Unknown) {
  for (const char* extension : {"", ".", ".unknown", "html", ".htmlx", ".zzz", ".0"}) {
    EXPECT_EQ(media_type_of(extension), "") << extension;
  }
}

}  // namespace
