// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "../errors/result.hpp"
#include "handler.hpp"

namespace warren::http {

/// Bytes that can be read from anywhere. A program may have its own.
class content {
 public:
  content(const content&) = delete;
  content& operator=(const content&) = delete;

  virtual std::int64_t size() const = 0;
  /// Returns: how many bytes from `offset` on were put to `to`; 0 only at the end. May park.
  virtual result<std::size_t> read_at(std::int64_t offset, std::span<char> to) = 0;

 protected:
  content() = default;
  ~content() = default;
};

/// The bytes of a text, which has to live as long.
class text_content final : public content {
 public:
  explicit text_content(std::string_view text) noexcept : text_(text) {}

  std::int64_t size() const override { return static_cast<std::int64_t>(text_.size()); }
  result<std::size_t> read_at(std::int64_t offset, std::span<char> to) override;

 private:
  std::string_view text_;
};

/// Answers with a content or those parts of it that the request has in its Range field (several as
/// multipart/byteranges), or with 304, 412 or 416, as its conditional fields demand: If-Match, If-None-Match with an
/// "Etag" that is set in the writer's header; If-Modified-Since and If-Unmodified-Since with `modified`, unless that is
/// the beginning of 1970; If-Range with either.
///
/// A "Content-Type" that is not set is made from the extension of `name`, or else from the first bytes.
/// Parks: yes. Source: Go http.ServeContent.
void serve_content(response_writer& w, const request& r, std::string_view name,
                   std::chrono::system_clock::time_point modified, content& from);

/// The same with an error, in place of such an answer: fields that describe the content are taken out.
void serve_error(response_writer& w, std::string_view text, int status);

/// Answers 304.
void serve_not_modified(response_writer& w);

}  // namespace warren::http
