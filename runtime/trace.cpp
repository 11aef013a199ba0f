// SPDX-License-Identifier: MIT
#include "trace.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dlfcn.h>
#include <iterator>
#include <link.h>
#include <string_view>
#include <ucontext.h>
#include <unwind.h>

#include "function_name.hpp"
#include "parked_stack.hpp"
#include "report.hpp"

namespace warren::runtime {

// --- taking one

namespace {

struct walk {
  stack_trace& into;
  std::size_t frames_to_skip;
  std::uintptr_t wait_for;  // the address that the first frame to be taken stands at; 0: any
};

_Unwind_Reason_Code take_frame(_Unwind_Context* frame, void* raw) {
  walk& w = *static_cast<walk*>(raw);
  int interrupted_here = 0;
  const std::uintptr_t at = _Unwind_GetIPInfo(frame, &interrupted_here);
  if (at == 0) return _URC_END_OF_STACK;
  if (w.frames_to_skip > 0) {
    --w.frames_to_skip;
    return _URC_NO_REASON;
  }
  if (w.wait_for != 0 && at != w.wait_for) return _URC_NO_REASON;
  w.wait_for = 0;
  // A return address may already belong to the next line, or to the next function.
  w.into.add(interrupted_here != 0 ? at : at - 1);
  return _URC_NO_REASON;
}

/// The function that calls this is frame 0; it must not end in the call, or the compiler makes a jump of it.
[[gnu::always_inline]] inline void walk_stack(walk& w) noexcept {
  _Unwind_Backtrace(take_frame, &w);
  asm volatile("" ::: "memory");
}

void walk_from_above(void* w) noexcept { walk_stack(*static_cast<walk*>(w)); }

std::uintptr_t interrupted_at(const void* context) noexcept {
  const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(registers.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return registers.pc;
#endif
}

}  // namespace

void trace_here(stack_trace& trace) noexcept {
  walk w{trace, 1, 0};
  walk_stack(w);
}

void trace_interrupted(stack_trace& trace, const void* context) noexcept {
  const std::uintptr_t at = interrupted_at(context);
  walk w{trace, 0, at};
  walk_stack(w);
  if (trace.count() == 0) trace.add(at);
}

void trace_switched_away(stack_trace& trace, const void* context) noexcept {
  walk w{trace, 2, 0};  // walk_from_above and the trampoline
  call_above(context, walk_from_above, &w);
}

// --- whose a function is

namespace {

// What lies between a throw, a signal or the start of a thread and the program's own code.
constexpr std::string_view system_functions[] = {
    "abort", "raise", "gsignal", "_start", "clone", "clone3", "__clone3", "start_thread", "make_fcontext", "__restore_rt",
    "execute_native_thread_routine", "warren_call_above",
};
constexpr std::string_view system_beginnings[] = {
    "__cxa_", "_Unwind_", "__gxx_personality", "__libc_start_",
    "__tsan_", "__asan_", "__ubsan_", "__sanitizer_", "__interceptor_",
};
constexpr std::string_view system_scopes[] = {
    "10__cxxabiv1", "9__gnu_cxx", "St", "6__tsan", "6__asan", "11__sanitizer", "14__interception",
};
constexpr std::string_view standard_headers = "/include/c++/";
constexpr std::string_view floors[] = {"errors/", "runtime/", "channels/", "time/", "context/", "sync/"};
// What the standard library calls functions through; mangled, and as in debug information.
constexpr std::string_view callers[] = {"8__invoke", "13__invoke_impl", "14__invoke_impl", "6invoke", "10__invoke_r",
                                        "5apply", "12__apply_impl", "17_Function_handler", "8function"};
constexpr std::string_view plain_callers[] = {"__invoke", "invoke<", "__apply", "apply<", "_M_invoke", "_M_call"};

template <std::size_t N>
bool starts_with_any(std::string_view text, const std::string_view (&beginnings)[N]) noexcept {
  return std::any_of(beginnings, beginnings + N, [&](std::string_view b) { return text.starts_with(b); });
}

/// A mangled name from its first scope on; empty for a name that is not mangled.
std::string_view scope_of(std::string_view function) noexcept {
  if (!function.starts_with("_Z")) return {};
  function.remove_prefix(2);
  while (!function.empty() && std::strchr("ZNKVRO", function[0]) != nullptr) function.remove_prefix(1);
  return function;
}

/// The path of a file of the library from its root on, where it was built or where its headers are installed; else empty.
std::string_view path_in_library(std::string_view file) noexcept {
  constexpr std::string_view here = __FILE__;
  constexpr std::string_view root = here.substr(0, here.size() - std::string_view("runtime/trace.cpp").size());
  constexpr std::string_view headers = "/include/warren/";
  const std::size_t installed = file.rfind(headers);
  if (installed != std::string_view::npos) return file.substr(installed + headers.size());
  if (file.starts_with("include/warren/")) return file.substr(headers.size() - 1);
  const std::size_t built = root.empty() ? 0 : file.find(root);
  return built != std::string_view::npos ? file.substr(built + root.size()) : std::string_view{};
}

struct module {
  const char* name = nullptr;  // null: unknown
  std::uintptr_t base = 0;
};

module module_of(std::uintptr_t at) noexcept {
  void* address = reinterpret_cast<void*>(at);
#if defined(DLFO_STRUCT_HAS_EH_DBASE)  // glibc 2.35: takes no lock
  dl_find_object found{};
  if (::_dl_find_object(address, &found) != 0 || found.dlfo_link_map == nullptr) return {};
  return {found.dlfo_link_map->l_name, static_cast<std::uintptr_t>(found.dlfo_link_map->l_addr)};
#else
  Dl_info found{};
  if (::dladdr(address, &found) == 0) return {};
  return {found.dli_fname, reinterpret_cast<std::uintptr_t>(found.dli_fbase)};
#endif
}

bool in_c_library(std::uintptr_t at) noexcept {
  const module m = module_of(at);
  if (m.name == nullptr) return false;
  const std::string_view path = m.name;
  const std::string_view file = path.substr(path.rfind('/') + 1);
  return file.starts_with("libc.so") || file.starts_with("ld-linux") || file.starts_with("linux-vdso");
}

enum class owner { user, library, system };

bool is_systems(std::string_view function) noexcept {
  const auto* end = std::end(system_functions);
  return std::find(std::begin(system_functions), end, function) != end || starts_with_any(function, system_beginnings);
}

owner owner_by_file(std::string_view file) noexcept {
  if (starts_with_any(path_in_library(file), floors)) return owner::library;
  return file.find(standard_headers) != std::string_view::npos ? owner::system : owner::user;
}

owner owner_of(const place& p) noexcept {
  if (p.function == nullptr) return owner::system;
  const std::string_view scope = scope_of(p.function);
  if (scope.starts_with("6warren")) return owner::library;
  if (starts_with_any(scope, system_scopes)) return owner::system;
  if (scope.empty() && is_systems(p.function)) return owner::system;
  // The debug information has plain names for functions that one source file has for itself.
  return scope.empty() && p.file != nullptr ? owner_by_file(p.file) : owner::user;
}

/// Left out wherever it is: the library's frames, and what the standard library calls functions through.
bool is_between(const place& p) noexcept {
  const owner whose = owner_of(p);
  if (whose != owner::system || p.function == nullptr) return whose == owner::library;
  std::string_view scope = scope_of(p.function);
  if (!scope.starts_with("St")) return starts_with_any(p.function, plain_callers);
  scope.remove_prefix(2);
  return starts_with_any(scope, callers);
}

}  // namespace

// --- printing one

namespace {

/// Where one function that was put into others lies among them.
struct span {
  int first = -1;
  int last = -1;
};

span users_places(std::uintptr_t at) noexcept {
  if (in_c_library(at)) return {};
  struct look {
    int index = 0;
    span found;
  } l;
  visit_places(
      at,
      [](void* raw, const place& p) {
        auto& mine = *static_cast<look*>(raw);
        if (owner_of(p) == owner::user) {
          if (mine.found.first < 0) mine.found.first = mine.index;
          mine.found.last = mine.index;
        }
        ++mine.index;
      },
      &l);
  return l.found;
}

void print_module(text_writer& out, std::uintptr_t at) noexcept {
  const module m = module_of(at);
  if (m.name == nullptr) {
    out.hex(at);
    return;
  }
  // The loader has no name for the program itself.
  (out << (*m.name != 0 ? m.name : program_invocation_name) << '+').hex(at - m.base);
}

void print_function(text_writer& out, const char* function, bool as_call) noexcept {
  char room[512];
  std::string_view name = function != nullptr ? readable_name(function, room, sizeof room) : "??";
  if (!as_call && name.ends_with(")")) name = name.substr(0, name.rfind('('));
  out << name;
}

void print_position(text_writer& out, std::uintptr_t at, const place& p) noexcept {
  out << '\t';
  if (p.file != nullptr) {
    out << p.file << ':' << p.line;
  } else {
    print_module(out, at);
  }
  out << '\n';
}

/// Prints the functions of one frame that lie in `wanted`, or all if it is empty.
void print_frame(text_writer& out, std::uintptr_t at, span wanted) noexcept {
  struct print {
    text_writer& out;
    std::uintptr_t at;
    span wanted;
    int index;
  } p{out, at, wanted, 0};
  visit_places(
      at,
      [](void* raw, const place& here) {
        auto& mine = *static_cast<print*>(raw);
        const int index = mine.index++;
        if (mine.wanted.first >= 0) {
          if (index < mine.wanted.first || index > mine.wanted.last || is_between(here)) return;
        }
        print_function(mine.out, here.function, true);
        mine.out << '\n';
        print_position(mine.out, mine.at, here);
      },
      &p);
}

constexpr span everything{0, 1 << 20};

class printer {
 public:
  printer(text_writer& out, const stack_trace& trace) noexcept : out_(out), trace_(trace), end_(trace.count()) {}

  void print() noexcept {
    trim();
    if (begin_ == end_) {
      begin_ = 0;
      end_ = trace_.count();
      whole_ = true;
    }
    constexpr std::size_t shown_at_each_end = 50;
    const bool gap = trace_.inner_end() != trace_.outer_begin();
    if (!gap && end_ - begin_ <= 2 * shown_at_each_end) return print_range(begin_, end_);
    std::size_t inner_end = begin_ + shown_at_each_end;
    std::size_t outer_begin = end_ > shown_at_each_end ? end_ - shown_at_each_end : 0;
    if (gap) {
      inner_end = std::min(inner_end, trace_.inner_end());
      outer_begin = std::max(outer_begin, trace_.outer_begin());
    }
    print_range(begin_, inner_end);
    out_ << "..." << outer_begin - inner_end << " frames elided...\n";
    print_range(outer_begin, end_);
  }

 private:
  void trim() noexcept {
    while (begin_ < end_ && (inner_ = users_places(trace_[begin_])).first < 0) {
      if (++begin_ == trace_.inner_end()) begin_ = trace_.outer_begin();
    }
    while (end_ > begin_ && (outer_ = users_places(trace_[end_ - 1])).first < 0) {
      if (--end_ == trace_.outer_begin()) end_ = trace_.inner_end();
    }
  }

  void print_range(std::size_t from, std::size_t to) noexcept {
    for (std::size_t i = from; i < to; ++i) {
      span wanted = everything;
      if (i == begin_) wanted.first = inner_.first;
      if (i + 1 == end_) wanted.last = outer_.last;
      print_frame(out_, trace_[i], whole_ ? span{} : wanted);
    }
  }

  text_writer& out_;
  const stack_trace& trace_;
  std::size_t begin_ = 0;
  std::size_t end_;
  span inner_;  // the user's in the first frame shown
  span outer_;  // and in the last
  bool whole_ = false;
};

}  // namespace

void prepare_traces() noexcept { users_places(reinterpret_cast<std::uintptr_t>(&prepare_traces)); }

void print_trace(text_writer& out, const stack_trace& trace) noexcept { printer(out, trace).print(); }

void print_creation(text_writer& out, const void* created_at, std::uint64_t creator) noexcept {
  struct choose {
    place chosen;
    bool users = false;
  } c;
  const std::uintptr_t at = reinterpret_cast<std::uintptr_t>(created_at) - 1;
  visit_places(
      at,
      [](void* raw, const place& p) {
        auto& mine = *static_cast<choose*>(raw);
        if (mine.users) return;
        mine.chosen = p;
        mine.users = owner_of(p) == owner::user;
      },
      &c);
  print_function(out, c.chosen.function, false);
  if (creator != 0) out << " in goroutine " << creator;
  out << '\n';
  print_position(out, at, c.chosen);
}

}  // namespace warren::runtime
