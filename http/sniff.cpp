// SPDX-License-Identifier: MIT
#include "sniff.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

// The tables of https://mimesniff.spec.whatwg.org/ in the order in which it asks for them, with the two
// departures that Go makes: icons are image/x-icon, and RAR is known by the bytes that its makers give.

namespace warren::http {
namespace {

using namespace std::string_view_literals;

/// Content of one type begins with these bytes; where `any` has an 'x' the byte may be any other.
struct signature {
  std::string_view bytes;
  std::string_view type;
  std::string_view any = {};
};

/// What an HTML document may begin with, after white space and whatever the case of its letters.
constexpr std::string_view html_beginnings[] = {
    "<!DOCTYPE HTML", "<HTML",  "<HEAD", "<SCRIPT", "<IFRAME", "<H1", "<DIV", "<FONT", "<TABLE", "<A",
    "<STYLE",         "<TITLE", "<B",    "<BODY",   "<BR",     "<P",  "<!--",
};

constexpr std::string_view four_of_size = "    xxxx      ";

constexpr signature before_boxes[] = {
    {"%PDF-"sv, "application/pdf"},
    {"%!PS-Adobe-"sv, "application/postscript"},
    {"\xFE\xFF  "sv, "text/plain; charset=utf-16be", "  xx"},
    {"\xFF\xFE  "sv, "text/plain; charset=utf-16le", "  xx"},
    {"\xEF\xBB\xBF "sv, "text/plain; charset=utf-8", "   x"},
    {"\x00\x00\x01\x00"sv, "image/x-icon"},
    {"\x00\x00\x02\x00"sv, "image/x-icon"},
    {"BM"sv, "image/bmp"},
    {"GIF87a"sv, "image/gif"},
    {"GIF89a"sv, "image/gif"},
    {"RIFF    WEBPVP"sv, "image/webp", four_of_size},
    {"\x89PNG\r\n\x1A\n"sv, "image/png"},
    {"\xFF\xD8\xFF"sv, "image/jpeg"},
    {"FORM    AIFF"sv, "audio/aiff", four_of_size},
    {"ID3"sv, "audio/mpeg"},
    {"OggS\x00"sv, "application/ogg"},
    {"MThd\x00\x00\x00\x06"sv, "audio/midi"},
    {"RIFF    AVI "sv, "video/avi", four_of_size},
    {"RIFF    WAVE"sv, "audio/wave", four_of_size},
};

constexpr signature after_boxes[] = {
    {"\x1A\x45\xDF\xA3"sv, "video/webm"},
    {"\x00\x01\x00\x00"sv, "font/ttf"},
    {"OTTO"sv, "font/otf"},
    {"ttcf"sv, "font/collection"},
    {"wOFF"sv, "font/woff"},
    {"wOF2"sv, "font/woff2"},
    {"\x1F\x8B\x08"sv, "application/x-gzip"},
    {"PK\x03\x04"sv, "application/zip"},
    {"Rar!\x1A\x07\x00"sv, "application/x-rar-compressed"},
    {"Rar!\x1A\x07\x01\x00"sv, "application/x-rar-compressed"},
    {"\x00\x61\x73\x6D"sv, "application/wasm"},
};

/// The bytes that one of the signatures begins with: most texts begin with none of them.
constexpr auto begins_signature = [] {
  std::array<bool, 256> table{};
  for (const signature& s : before_boxes) table[static_cast<unsigned char>(s.bytes[0])] = true;
  for (const signature& s : after_boxes) table[static_cast<unsigned char>(s.bytes[0])] = true;
  return table;
}();

constexpr bool is_white(char c) { return c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == ' '; }

constexpr char upper(char c) { return 'a' <= c && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

/// Whether a text never has this byte.
constexpr bool is_binary(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= 0x08 || byte == 0x0B || (0x0E <= byte && byte <= 0x1A) || (0x1C <= byte && byte <= 0x1F);
}

bool matches(const signature& s, std::string_view content) {
  if (content.size() < s.bytes.size()) return false;
  if (s.any.empty()) return content.starts_with(s.bytes);
  for (std::size_t i = 0; i < s.bytes.size(); ++i) {
    if (s.any[i] != 'x' && content[i] != s.bytes[i]) return false;
  }
  return true;
}

/// Returns: the type of the first signature that matches, an empty text if none does.
std::string_view first_match(std::span<const signature> table, std::string_view content) {
  const auto found = std::ranges::find_if(table, [=](const signature& s) { return matches(s, content); });
  return found == table.end() ? std::string_view() : found->type;
}

/// The beginning of a tag, and then a byte that ends its name.
bool begins_html(std::string_view content) {
  return std::ranges::any_of(html_beginnings, [content](std::string_view tag) {
    if (content.size() <= tag.size()) return false;
    const char end = content[tag.size()];
    return (end == ' ' || end == '>') &&
           std::ranges::equal(tag, content.substr(0, tag.size()), {}, {}, upper);
  });
}

/// An ISO base media file whose first box names "mp4" among the brands it is compatible with.
bool is_mp4(std::string_view content) {
  if (content.size() < 12 || content.substr(4, 4) != "ftyp") return false;
  std::uint32_t size = 0;
  for (char c : content.substr(0, 4)) size = size << 8 | static_cast<unsigned char>(c);
  if (size > content.size() || size % 4 != 0) return false;
  constexpr std::size_t version = 12;  // four bytes that are no brand
  for (std::size_t at = 8; at < size; at += 4) {
    if (at != version && content.substr(at, 3) == "mp4") return true;
  }
  return false;
}

bool is_embedded_opentype(std::string_view content) {
  return content.size() >= 36 && content.substr(34, 2) == "LP";
}

}  // namespace

std::string_view detect_content_type(std::string_view content) noexcept {
  content = content.substr(0, sniff_length);
  const auto text = content.substr(std::ranges::find_if_not(content, is_white) - content.begin());
  if (text.starts_with('<')) {
    if (begins_html(text)) return "text/html; charset=utf-8";
    if (text.starts_with("<?xml")) return "text/xml; charset=utf-8";
  }
  const bool known = !content.empty() && begins_signature[static_cast<unsigned char>(content[0])];
  if (known) {
    if (auto type = first_match(before_boxes, content); !type.empty()) return type;
  }
  if (is_mp4(content)) return "video/mp4";
  if (is_embedded_opentype(content)) return "application/vnd.ms-fontobject";
  if (known) {
    if (auto type = first_match(after_boxes, content); !type.empty()) return type;
  }
  return std::ranges::any_of(content, is_binary) ? "application/octet-stream" : "text/plain; charset=utf-8";
}

}  // namespace warren::http
