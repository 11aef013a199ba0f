// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../errors/result.hpp"
#include "serve_content.hpp"

namespace warren::http {

/// A file or a folder that lies in a folder, opened for reading. What may have to wait for a disk does so in blocking().
class file final : public content {
 public:
  struct entry {
    std::string name;
    bool is_folder;
  };

  file() = default;
  file(file&& other) noexcept { *this = std::move(other); }
  file& operator=(file&& other) noexcept;
  ~file() { close(); }

  /// Opens `path`, a clean one without a slash before it, in the folder `root`. Nothing that lies outside is ever opened,
  /// whatever symbolic links there are, and nothing that is neither a regular file nor a folder. Parks: maybe.
  /// Returns: the system's error; no_such_file_or_directory for what is there but is not to be opened so.
  static result<file> open(const std::string& root, const std::string& path);

  bool is_folder() const noexcept { return is_folder_; }
  std::chrono::system_clock::time_point modified() const noexcept { return modified_; }

  std::int64_t size() const override { return size_; }
  result<std::size_t> read_at(std::int64_t offset, std::span<char> to) override;

  /// Returns: what is in the folder, by name; a symbolic link is no folder. Parks: maybe.
  result<std::vector<entry>> entries() const;

 private:
  void close() noexcept;

  int descriptor_ = -1;
  bool is_folder_ = false;
  std::int64_t size_ = 0;
  std::chrono::system_clock::time_point modified_;
};

}  // namespace warren::http
