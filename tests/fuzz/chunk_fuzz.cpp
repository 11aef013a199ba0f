// SPDX-License-Identifier: MIT
// Chunks mean the same whatever the pieces and the reader's room are; what is encoded comes back.
#include <warren/http/chunk_decoder.hpp>

#include <algorithm>
#include <string>
#include <string_view>

#include "target.hpp"

namespace {

using namespace warren;
using fuzz::require;
using http::chunk_status;

struct reading {
  chunk_status status = chunk_status::more;
  std::string data;
  std::string trailers;
  std::string error;
  std::size_t used = 0;

  friend bool operator==(const reading&, const reading&) = default;
};

reading read(std::string_view text, std::size_t step, std::size_t room, bool lenient) {
  http::chunk_decoder d;
  d.start({.max_trailer_bytes = 512,
           .max_trailers = 10,
           .spaces_after_size = lenient,
           .unannounced_trailers = lenient},
          "X, Y");
  reading r;
  std::string out(room, '\0');
  while (r.status == chunk_status::more) {
    const std::string in(text.substr(r.used, step));
    const http::chunk_step s = d.step(in, out);
    require(s.consumed <= in.size() && s.produced <= room, "more than there is");
    require(s.status != chunk_status::more || s.consumed == in.size() || s.produced == room,
            "stopped without a reason");
    r.data.append(out, 0, s.produced);
    r.used += s.consumed;
    r.status = s.status;
    if (s.consumed == 0 && s.produced == 0) break;
  }
  if (r.status == chunk_status::done) d.trailers().write_to(r.trailers);
  if (r.status == chunk_status::bad) {
    r.error = d.failure().message();
    r.used = 0;
  }
  return r;
}

std::string encoded(std::string_view data, std::size_t size) {
  constexpr char hex[] = "0123456789abcdef";
  std::string text;
  while (!data.empty()) {
    const std::string_view piece = data.substr(0, size);
    text += hex[piece.size() / 16 % 16];
    text += hex[piece.size() % 16];
    text.append("\r\n").append(piece).append("\r\n");
    data.remove_prefix(piece.size());
  }
  return text + "0\r\n\r\n";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text(data, size);
  for (const bool lenient : {false, true}) {
    const reading whole = read(text, size + 1, size + 1, lenient);
    require(read(text, 1, size + 1, lenient) == whole, "the pieces decide what chunks mean");
    require(read(text, size + 1, 1, lenient) == whole, "the room decides what chunks mean");
    require(read(text, 3, 2, lenient) == whole, "pieces and room decide what chunks mean");
  }
  for (const std::size_t chunk : {1U, 7U, 255U}) {
    const std::string whole = encoded(text.substr(0, 2000), chunk);
    const reading r = read(whole + "rest", 11, 5, false);
    require(r.status == chunk_status::done && r.data == text.substr(0, 2000) && r.used == whole.size(),
            "what was encoded does not come back");
  }
  return 0;
}
