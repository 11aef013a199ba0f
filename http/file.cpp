// SPDX-License-Identifier: MIT
#include "file.hpp"

#include <algorithm>
#include <system_error>

#include "../runtime/blocking.hpp"
#include "../runtime/files.hpp"
#include "../runtime/system.hpp"

namespace warren::http {
namespace {

namespace sys = runtime::sys;

warren::error system_error(int negative) {
  return errors::from(std::error_code(-negative, std::system_category()));
}

bool is_servable(sys::file_kind kind) { return kind != sys::file_kind::other; }

/// Returns: the descriptor and what it is, or -errno.
int open_and_look(const std::string& root, const std::string& path, sys::file_facts& facts) noexcept {
  const int folder = sys::open_folder(root.c_str());
  if (folder < 0) return folder;
  const int found = sys::open_beneath(folder, path.c_str());
  sys::close_file(folder);
  if (found < 0) return found;
  const int failed = sys::look_at(found, facts);
  if (failed == 0 && is_servable(facts.kind)) return found;
  sys::close_file(found);
  return failed == 0 ? -static_cast<int>(std::errc::no_such_file_or_directory) : failed;
}

}  // namespace

file& file::operator=(file&& other) noexcept {
  if (this == &other) return *this;
  close();
  descriptor_ = std::exchange(other.descriptor_, -1);
  is_folder_ = other.is_folder_;
  size_ = other.size_;
  modified_ = other.modified_;
  return *this;
}

void file::close() noexcept {
  if (descriptor_ >= 0) sys::close_file(descriptor_);
}

result<file> file::open(const std::string& root, const std::string& path) {
  sys::file_facts facts;
  const int descriptor = blocking([&] { return open_and_look(root, path, facts); });
  if (descriptor < 0) return {file(), system_error(descriptor)};
  file f;
  f.descriptor_ = descriptor;
  f.is_folder_ = facts.kind == sys::file_kind::folder;
  f.size_ = facts.size;
  f.modified_ = std::chrono::system_clock::time_point(std::chrono::nanoseconds(facts.modified_ns));
  return {std::move(f), nil};
}

result<std::size_t> file::read_at(std::int64_t offset, std::span<char> to) {
  long n = sys::read_cached(descriptor_, to, offset);
  if (n == -static_cast<int>(std::errc::resource_unavailable_try_again)) {
    n = blocking([&] { return sys::read_at(descriptor_, to, offset); });
  }
  if (n < 0) return {0, system_error(static_cast<int>(n))};
  return {static_cast<std::size_t>(n), nil};
}

result<std::vector<file::entry>> file::entries() const {
  std::vector<entry> all;
  const auto add = [](void* state, const char* name, bool is_folder) {
    static_cast<std::vector<entry>*>(state)->push_back({name, is_folder});
  };
  const int failed = blocking([&] { return sys::list_folder(descriptor_, add, &all); });
  std::ranges::sort(all, {}, &entry::name);
  return {std::move(all), system_error(failed)};
}

}  // namespace warren::http
