// SPDX-License-Identifier: MIT
#include "panic.hpp"

namespace warren {
namespace {

// Source: Go runtime.PanicNilError.
constexpr const char* nil_text = "runtime error: panic called with nil argument";

}  // namespace

panic_error::panic_error(std::string_view text) : std::runtime_error(std::string(text)) {}

panic_error::panic_error(error err)
    : std::runtime_error(err != nil ? err.message() : nil_text), err_(std::move(err)) {}

void panic(std::string_view text) { throw panic_error(text); }

void panic(error err) { throw panic_error(std::move(err)); }

void panic(std::nullptr_t) { throw panic_error(error(nil)); }

}  // namespace warren
