// SPDX-License-Identifier: MIT
#include "calling_code.hpp"

#include <array>
#include <string_view>

#include "../runtime/function_name.hpp"
#include "../runtime/trace.hpp"

namespace warren::http {

namespace {

struct search {
  std::string found;
};

void look(void* raw, const runtime::place& p) {
  auto& s = *static_cast<search*>(raw);
  if (!s.found.empty() || p.function == nullptr) return;
  std::array<char, 256> room;
  const std::string_view name = runtime::readable_name(p.function, room.data(), room.size());
  if (name.starts_with("warren::http::") || name.starts_with("warren::runtime::") || name.starts_with("std::") ||
      name.starts_with("make_fcontext")) {
    return;
  }
  s.found = name;
  if (p.file == nullptr) return;
  std::string_view file = p.file;
  file.remove_prefix(file.rfind('/') + 1);
  s.found += " (" + std::string(file) + ":" + std::to_string(p.line) + ")";
}

}  // namespace

std::string calling_code() {
  runtime::stack_trace trace;
  runtime::trace_here(trace);
  search s;
  for (std::size_t i = 0; i < trace.inner_end() && s.found.empty(); ++i) {
    // A return address lies behind the call.
    runtime::visit_places(trace[i] - 1, look, &s);
  }
  return s.found.empty() ? "a handler" : s.found;
}

}  // namespace warren::http
