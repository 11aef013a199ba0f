// SPDX-License-Identifier: MIT
#include "files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "system.hpp"

namespace warren::runtime::sys {

namespace {

constexpr int read_flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
constexpr int pass_flags = O_PATH | O_DIRECTORY | O_CLOEXEC;

/// Makes the call until no signal interrupts it.
template <class F>
long checked(call c, F&& make_call) noexcept {
  for (;;) {
    const int wanted = injected_failure(c);
    const long value = wanted != 0 ? -1 : make_call();
    if (value >= 0) return value;
    if (const int error = wanted != 0 ? wanted : errno; error != EINTR) return -error;
  }
}

template <class F>
int opened(F&& make_call) noexcept {
  return static_cast<int>(checked(call::open, std::forward<F>(make_call)));
}

/// A descriptor, or an error, that is closed at the end of its block.
class closing {
 public:
  explicit closing(int file) noexcept : file_(file) {}
  closing(const closing&) = delete;
  closing& operator=(const closing&) = delete;
  ~closing() { close(); }

  int get() const noexcept { return file_; }
  int release() noexcept { return std::exchange(file_, -1); }
  void replace(int file) noexcept {
    close();
    file_ = file;
  }

 private:
  void close() noexcept {
    if (file_ >= 0) ::close(file_);
  }

  int file_;
};

struct folder_closer {
  void operator()(DIR* d) const noexcept { ::closedir(d); }
};
using folder_stream = std::unique_ptr<DIR, folder_closer>;

bool is_folder(DIR* in, const dirent& entry) noexcept {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
  struct stat what {};
  return ::fstatat(::dirfd(in), entry.d_name, &what, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(what.st_mode);
}

bool is_dots(const char* name) noexcept {
  return std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0;
}

}  // namespace

int open_folder(const char* path) noexcept {
  return opened([&] { return ::open(path, pass_flags); });
}

int open_beneath(int folder, const char* path) noexcept {
  open_how how{};
  how.flags = read_flags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  constexpr int attempts = 100;  // a folder that is moved meanwhile makes it fail
  int found = -EAGAIN;
  for (int i = 0; i < attempts && found == -EAGAIN; ++i) {
    found = opened([&] { return ::syscall(SYS_openat2, folder, path, &how, sizeof how); });
  }
  // A system without the call, or one that keeps a program from it.
  if (found == -ENOSYS || found == -EPERM) return open_stepwise(folder, path);
  return found == -EXDEV || found == -EAGAIN ? -ENOENT : found;
}

int open_stepwise(int folder, const char* path) noexcept {
  closing at(opened([&] { return ::openat(folder, ".", pass_flags); }));
  while (at.get() >= 0) {
    char element[NAME_MAX + 1];
    const char* const end = ::strchrnul(path, '/');
    const auto length = static_cast<std::size_t>(end - path);
    if (length > NAME_MAX) return -ENAMETOOLONG;
    *std::copy_n(path, length, element) = '\0';
    if (std::strcmp(element, "..") == 0) return -ENOENT;
    if (*end == '\0') return opened([&] { return ::openat(at.get(), element, read_flags | O_NOFOLLOW); });
    at.replace(opened([&] { return ::openat(at.get(), element, pass_flags | O_NOFOLLOW); }));
    path = end + 1;
  }
  return at.get();
}

int look_at(int file, file_facts& facts) noexcept {
  struct stat what {};
  if (const long failed = checked(call::read, [&] { return ::fstat(file, &what); }); failed < 0) {
    return static_cast<int>(failed);
  }
  facts.kind = S_ISREG(what.st_mode)   ? file_kind::regular
               : S_ISDIR(what.st_mode) ? file_kind::folder
                                       : file_kind::other;
  facts.size = what.st_size;
  facts.modified_ns = what.st_mtim.tv_sec * 1'000'000'000 + what.st_mtim.tv_nsec;
  return 0;
}

long read_at(int file, std::span<char> to, std::int64_t offset) noexcept {
  return checked(call::read, [&] { return ::pread(file, to.data(), to.size(), offset); });
}

long read_cached(int file, std::span<char> to, std::int64_t offset) noexcept {
  const iovec room{to.data(), to.size()};
  const long n = checked(call::read, [&] { return ::preadv2(file, &room, 1, offset, RWF_NOWAIT); });
  return n == -EOPNOTSUPP || n == -ENOSYS ? -EAGAIN : n;
}

int list_folder(int folder, void (*found)(void* state, const char* name, bool is_folder), void* state) {
  // Opened once more: how far a folder has been read is known to all who share an opening.
  closing again(opened([&] { return ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (again.get() < 0) return again.get();
  const folder_stream stream(::fdopendir(again.get()));
  if (stream == nullptr) return -errno;
  again.release();
  for (;;) {
    errno = 0;
    const dirent* const entry = ::readdir(stream.get());
    if (entry == nullptr) return -errno;
    if (!is_dots(entry->d_name)) found(state, entry->d_name, is_folder(stream.get(), *entry));
  }
}

}  // namespace warren::runtime::sys
