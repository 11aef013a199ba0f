// SPDX-License-Identifier: MIT
#include "uncaught.hpp"

// The report of an exception that nobody catches. The entry of a goroutine has no handler for it, so the unwinder finds
// none, unwinds nothing and calls terminate: the frames of the throw are still on the stack and in the trace.

#include <concepts>
#include <cxxabi.h>
#include <exception>
#include <string>
#include <string_view>
#include <typeinfo>

#include "../errors/error.hpp"
#include "dump.hpp"
#include "number_text.hpp"
#include "report.hpp"
#include "thread.hpp"
#include "trace.hpp"

namespace warren::runtime {

namespace {

constinit std::terminate_handler before_ours = nullptr;

/// As Go prints a value: its further lines are indented, so that none can pass for a line of the report.
void print_value(text_writer& out, std::string_view text) noexcept {
  for (;;) {
    const std::size_t end = text.find('\n');
    out << text.substr(0, end);
    if (end == std::string_view::npos) return;
    out << "\n\t";
    text.remove_prefix(end + 1);
  }
}

void print_value(text_writer& out, const char* text) noexcept { print_value(out, std::string_view(text)); }
void print_value(text_writer& out, bool value) noexcept { out << (value ? "true" : "false"); }
void print_value(text_writer& out, char value) noexcept { out << value; }
template <std::integral Number>
  requires(!std::same_as<Number, bool> && !std::same_as<Number, char>)
void print_value(text_writer& out, Number value) noexcept {
  out << value;
}
template <std::floating_point Number>
void print_value(text_writer& out, Number value) noexcept {
  char room[number_text_room];
  out << text_of_number(value, room);
}

template <class T>
bool print_if(text_writer& out) {
  try {
    throw;
  } catch (const T& value) {
    print_value(out, value);
    return true;
  } catch (...) {
    return false;
  }
}

template <class... Types>
bool print_if_any(text_writer& out) {
  return (print_if<Types>(out) || ...);
}

void print_unknown(text_writer& out, const std::type_info& type) noexcept {
  int status = 0;
  char* readable = abi::__cxa_demangle(type.name(), nullptr, nullptr, &status);
  out << '(' << (status == 0 ? readable : type.name()) << ')';
  const std::exception_ptr thrown = std::current_exception();
  const void* address = nullptr;
  static_assert(sizeof address == sizeof thrown);
  __builtin_memcpy(&address, &thrown, sizeof address);
  (out << ' ').hex(reinterpret_cast<std::uintptr_t>(address));
}

void print_exception(text_writer& out, const std::type_info& type) {
  try {
    throw;
  } catch (const std::exception& e) {
    return print_value(out, std::string_view(e.what()));
  } catch (const error& e) {
    return print_value(out, std::string_view(e.message()));
  } catch (...) {
  }
  const bool known =
      print_if_any<std::string, std::string_view, const char*, bool, char, short, unsigned short, int, unsigned, long,
                   unsigned long, long long, unsigned long long, float, double, long double>(out);
  if (!known) print_unknown(out, type);
}

void print_cause(text_writer& out) noexcept {
  const std::type_info* type = abi::__cxa_current_exception_type();
  if (type == nullptr) {
    out << "fatal error: terminate called without an active exception\n\n";
    return;
  }
  out << "panic: ";
  try {
    print_exception(out, *type);
  } catch (...) {
    out << "(the value cannot be printed)";
  }
  out << "\n\n";
}

bool on_a_goroutine() noexcept {
  const thread* t = this_thread();
  const goroutine* g = t != nullptr ? t->current.get() : nullptr;
  return g != nullptr && !g->has(goroutine::is_thread);
}

[[noreturn]] void on_terminate() noexcept {
  if (!on_a_goroutine() && before_ours != nullptr) before_ours();
  begin_last_report();
  stack_trace trace;
  trace_here(trace);
  text_writer out;
  print_cause(out);
  out.flush();  // finding the lines of a trace takes time, and may fail
  print_running(out, trace);
  out.flush();
  end_by_report();
}

}  // namespace

void install_terminate_handler() noexcept {
  if (std::get_terminate() != on_terminate) before_ours = std::set_terminate(on_terminate);
}

void restore_terminate_handler() noexcept {
  if (std::get_terminate() == on_terminate) std::set_terminate(before_ours);
}

}  // namespace warren::runtime
