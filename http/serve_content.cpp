// SPDX-License-Identifier: MIT
#include "serve_content.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "../runtime/system.hpp"
#include "byte_range.hpp"
#include "date.hpp"
#include "media_type.hpp"
#include "method.hpp"
#include "path.hpp"
#include "precondition.hpp"
#include "replies.hpp"
#include "request.hpp"
#include "response_writer.hpp"
#include "sniff.hpp"
#include "status.hpp"

namespace warren::http {
namespace {

constexpr std::int64_t piece_size = 64 * 1024;

/// Writes a part of a content. Returns: false when the content or the connection ended before.
bool copy(response_writer& w, content& from, byte_range part) {
  const auto room = static_cast<std::size_t>(std::min(part.length, piece_size));
  const auto buffer = std::make_unique_for_overwrite<char[]>(room);
  while (part.length > 0) {
    const auto wanted = static_cast<std::size_t>(std::min<std::int64_t>(part.length, piece_size));
    const auto [n, err] = from.read_at(part.start, {buffer.get(), wanted});
    if (err != nil || n == 0) return false;
    if (w.write({buffer.get(), n}).err() != nil) return false;
    part.start += static_cast<std::int64_t>(n);
    part.length -= static_cast<std::int64_t>(n);
  }
  return true;
}

std::string sniffed(content& from) {
  std::array<char, sniff_length> first;
  std::size_t have = 0;
  while (have < first.size()) {
    const auto [n, err] = from.read_at(static_cast<std::int64_t>(have), std::span(first).subspan(have));
    if (err != nil || n == 0) break;
    have += n;
  }
  return std::string(detect_content_type({first.data(), have}));
}

std::string content_type(response_writer& w, std::string_view name, content& from) {
  if (const auto set = w.header().find("Content-Type")) return std::string(*set);
  std::string type(media_type_of(extension(name)));
  if (type.empty()) type = sniffed(from);
  w.header().set("Content-Type", type);
  return type;
}

/// A line that no content is likely to have.
std::string new_boundary() {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string line;
  for (int words = 0; words < 4; ++words) {
    for (std::uint64_t n = runtime::sys::entropy(), digits = 16; digits > 0; --digits, n >>= 4)
      line += hex[n & 15];
  }
  return line;
}

/// Several parts of a content as multipart/byteranges. Source: RFC 9110 section 14.6, RFC 2046 section 5.1.
class multipart {
 public:
  multipart(const std::vector<byte_range>& ranges, const std::string& type, std::int64_t size)
      : ranges_(&ranges), boundary_(new_boundary()) {
    for (const byte_range& r : ranges) {
      heads_.push_back((heads_.empty() ? "--" : "\r\n--") + boundary_ + "\r\nContent-Range: " +
                       content_range(r, size) + "\r\nContent-Type: " + type + "\r\n\r\n");
    }
    end_ = "\r\n--" + boundary_ + "--\r\n";
  }

  std::string type() const { return "multipart/byteranges; boundary=" + boundary_; }

  std::int64_t length() const {
    std::int64_t all = static_cast<std::int64_t>(end_.size());
    for (const std::string& head : heads_) all += static_cast<std::int64_t>(head.size());
    for (const byte_range& r : *ranges_) all += r.length;
    return all;
  }

  void write(response_writer& w, content& from) const {
    for (std::size_t i = 0; i < heads_.size(); ++i) {
      if (w.write(heads_[i]).err() != nil || !copy(w, from, (*ranges_)[i])) return;
    }
    w.write(end_);
  }

 private:
  const std::vector<byte_range>* ranges_;
  std::string boundary_;
  std::vector<std::string> heads_;
  std::string end_;
};

/// Returns: the parts that are wanted, none for all of it.
result<std::vector<byte_range>> wanted_ranges(const request& r, const validators& now, std::int64_t size) {
  if (!is_range_wanted(r, now)) return {};
  auto [ranges, err] = parse_ranges(r.header.find("Range").value_or(""), size);
  // Some ask for a range in any case: of nothing they get all.
  if (err == no_overlap && size == 0) return {};
  const auto all = std::accumulate(ranges.begin(), ranges.end(), std::int64_t(0),
                                   [](std::int64_t sum, const byte_range& p) { return sum + p.length; });
  // More than all of it in pieces: an attack, or foolish.
  if (all > size) ranges.clear();
  return {std::move(ranges), std::move(err)};
}

void begin(response_writer& w, int status, std::int64_t length) {
  w.header().set("Accept-Ranges", "bytes");
  // Whoever encodes what is written here on its way changes the length; parts are never encoded.
  if (status == status_partial_content || !w.header().has("Content-Encoding")) {
    w.header().set("Content-Length", std::to_string(length));
  }
  w.write_header(status);
}

void serve_parts(response_writer& w, const request& r, content& from, const std::vector<byte_range>& ranges,
                 const std::string& type) {
  const multipart parts(ranges, type, from.size());
  w.header().set("Content-Type", parts.type());
  begin(w, status_partial_content, parts.length());
  if (r.method != method_head) parts.write(w, from);
}

void serve_part(response_writer& w, const request& r, content& from, const byte_range& part, int status) {
  begin(w, status, part.length);
  if (r.method != method_head) copy(w, from, part);
}

}  // namespace

result<std::size_t> text_content::read_at(std::int64_t offset, std::span<char> to) {
  const auto from = text_.substr(std::min(static_cast<std::size_t>(offset), text_.size()), to.size());
  std::ranges::copy(from, to.begin());
  return {from.size(), nil};
}

void serve_error(response_writer& w, std::string_view text, int status) {
  for (const char* name : {"Cache-Control", "Content-Encoding", "Etag", "Last-Modified"})
    w.header().del(name);
  error(w, text, status);
}

void serve_not_modified(response_writer& w) {
  for (const char* name : {"Content-Type", "Content-Length", "Content-Encoding"}) w.header().del(name);
  // One validator is enough.
  if (w.header().has("Etag")) w.header().del("Last-Modified");
  w.write_header(status_not_modified);
}

void serve_content(response_writer& w, const request& r, std::string_view name,
                   std::chrono::system_clock::time_point modified, content& from) {
  const std::string etag = w.header().get("Etag");
  const validators now{etag, std::chrono::floor<std::chrono::seconds>(modified).time_since_epoch().count()};
  if (now.modified != 0) w.header().set("Last-Modified", format_date(now.modified));
  switch (check_conditions(r, now)) {
    case condition::met:
      break;
    case condition::not_modified:
      return serve_not_modified(w);
    case condition::failed:
      return w.write_header(status_precondition_failed);
  }
  const std::string type = content_type(w, name, from);
  const std::int64_t size = from.size();
  const auto [ranges, err] = wanted_ranges(r, now, size);
  if (err != nil) {
    if (err == no_overlap) w.header().set("Content-Range", "bytes */" + std::to_string(size));
    return serve_error(w, err.message(), status_requested_range_not_satisfiable);
  }
  if (ranges.size() > 1) return serve_parts(w, r, from, ranges, type);
  if (ranges.empty()) return serve_part(w, r, from, {0, size}, status_ok);
  w.header().set("Content-Range", content_range(ranges[0], size));
  serve_part(w, r, from, ranges[0], status_partial_content);
}

}  // namespace warren::http
