// SPDX-License-Identifier: MIT
// The tables follow https://mimesniff.spec.whatwg.org/ and the behaviour of Go's net/http.
#include <warren/http/sniff.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace {

using namespace std::string_view_literals;
using warren::http::detect_content_type;

constexpr auto plain = "text/plain; charset=utf-8"sv, html = "text/html; charset=utf-8"sv,
               binary = "application/octet-stream"sv;

struct sample {
  std::string_view content;
  std::string_view type;
};

TEST(sniff, Texts) {
  const sample samples[] = {
      {"", plain},
      {"This is not HTML. It has \xE2\x98\x83 though.", plain},
      {"\t\r\n \f", plain},
      {"\x1B[0m escape is text", plain},
      {"\xFE\xFFxy", "text/plain; charset=utf-16be"},
      {"\xFF\xFExy", "text/plain; charset=utf-16le"},
      {"\xEF\xBB\xBFx", plain},
      {"\n<?xml!", "text/xml; charset=utf-8"},
      {"<?XML!", plain},
      {"%PDF-1.7", "application/pdf"},
      {" %PDF-1.7", plain},
      {"%!PS-Adobe-3.0", "application/postscript"},
  };
  for (const auto& [content, type] : samples) EXPECT_EQ(detect_content_type(content), type) << content;
}

TEST(sniff, Html) {
  for (auto content : {"<HtMl><bOdY>blah blah blah</body></html>"sv, "<HTML></HTML>"sv,
                       "   <!DOCTYPE HTML>..."sv, "\r\n<html>..."sv, "<!-- comment"sv, "<a href"sv, "<b>"sv,
                       "<body>"sv, "<br>"sv, "<p>"sv, "<h1>"sv, "<script src"sv, "<iframe >"sv, "<table>"sv,
                       "<style>"sv, "<title>"sv, "<head>"sv, "<div>"sv, "<font >"sv}) {
    EXPECT_EQ(detect_content_type(content), html) << content;
  }
  // No end of the tag's name, or another tag.
  for (auto content : {"<html"sv, "<htmlx>"sv, "<h2>"sv, "<!DOCTYPE"sv, "<"sv, "x<html>"sv}) {
    EXPECT_EQ(detect_content_type(content), plain) << content;
  }
}

TEST(sniff, Media) {
  const sample samples[] = {
      {"\x01\x02\x03", binary},
      {"\x00\x00\x01\x00"sv, "image/x-icon"},
      {"\x00\x00\x02\x00"sv, "image/x-icon"},
      {"BM...", "image/bmp"},
      {"GIF87a", "image/gif"},
      {"GIF89a...", "image/gif"},
      {"GIF88a", plain},
      {"RIFF\x00\x00\x00\x00WEBPVP"sv, "image/webp"},
      {"\x89PNG\x0D\x0A\x1A\x0A", "image/png"},
      {"\xFF\xD8\xFF", "image/jpeg"},
      {"MThd\x00\x00\x00\x06\x00\x01"sv, "audio/midi"},
      {"ID3\x03\x00\x00\x00\x00\x0f"sv, "audio/mpeg"},
      {"RIFFb\xb8\x00\x00WAVEfmt \x12\x00\x00\x00\x06"sv, "audio/wave"},
      {"RIFF,\x00\x00\x00WAVEfmt \x12\x00\x00\x00\x06"sv, "audio/wave"},
      {"FORM\x00\x00\x00\x00"
       "AIFFCOMM\x00\x00\x00\x12"sv,
       "audio/aiff"},
      {"OggS\x00\x02\x00\x00"sv, "application/ogg"},
      {"owow\x00"sv, binary},
      {"oooS\x00"sv, binary},
      {"oggS\x00"sv, binary},
      {"RIFF,O\n\x00"
       "AVI LIST\xC3\x80"sv,
       "video/avi"},
      {"\x1A\x45\xDF\xA3", "video/webm"},
      {"\x00\x01\x00\x00\x00\x17\x01\x00"sv, "font/ttf"},
      {"OTTO\x00\x0e\x00\x80"sv, "font/otf"},
      {"ttcf", "font/collection"},
      {"wOFF\x00\x01"sv, "font/woff"},
      {"wOF2\x00\x01"sv, "font/woff2"},
      {"\x1F\x8B\x08", "application/x-gzip"},
      {"PK\x03\x04", "application/zip"},
      {"Rar!\x1A\x07\x00"sv, "application/x-rar-compressed"},
      {"Rar!\x1A\x07\x01\x00"sv, "application/x-rar-compressed"},
      {"Rar \x1A\x07\x00"sv, binary},
      {"Rar \x1A\x07\x01\x00"sv, binary},
      {"\x00\x61\x73\x6d\x01\x00"sv, "application/wasm"},
  };
  for (const auto& [content, type] : samples) EXPECT_EQ(detect_content_type(content), type) << content;
}

TEST(sniff, Mp4) {
  EXPECT_EQ(detect_content_type("\x00\x00\x00\x18"
                                "ftypmp42\x00\x00\x00\x00mp42isom<\x06t\xbfmdat"sv),
            "video/mp4");
  EXPECT_EQ(detect_content_type("\x00\x00\x00\x18"
                                "ftypisom\x00\x00\x00\x00isommp41"sv),
            "video/mp4");
  // The bytes of the version are no brand, a box is a multiple of four long, and all of it must be there.
  EXPECT_EQ(detect_content_type("\x00\x00\x00\x10"
                                "ftypisommp42"sv),
            binary);
  EXPECT_EQ(detect_content_type("\x00\x00\x00\x0f"
                                "ftypmp42\x00\x00\x00"sv),
            binary);
  EXPECT_EQ(detect_content_type("\x00\x00\x00\x40"
                                "ftypmp42\x00\x00\x00\x00"sv),
            binary);
}

TEST(sniff, EmbeddedOpentype) {
  EXPECT_EQ(detect_content_type(std::string(34, '\0') + "LP"), "application/vnd.ms-fontobject");
  EXPECT_EQ(detect_content_type(std::string(34, 'x') + "LP"), "application/vnd.ms-fontobject");
  EXPECT_EQ(detect_content_type(std::string(33, '\0') + "LP"), binary);
}

TEST(sniff, LooksAtSoMuchOnly) {
  EXPECT_EQ(detect_content_type(std::string(511, 'x') + '\0'), binary);
  EXPECT_EQ(detect_content_type(std::string(512, 'x') + '\0'), plain);
}

}  // namespace
