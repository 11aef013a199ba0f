// SPDX-License-Identifier: MIT
#include "handlers.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include <warren/warren.hpp>

namespace warren::tests {

using namespace std::chrono_literals;
using http::request;
using http::response_writer;

// --- the witness

context witness::saw(context c) {
  const std::lock_guard hold(mutex_);
  seen_.push_back(c);
  return c;
}

std::size_t witness::contexts() const {
  const std::lock_guard hold(mutex_);
  return seen_.size();
}

std::size_t witness::contexts_not_done() const {
  const std::lock_guard hold(mutex_);
  return static_cast<std::size_t>(
      std::count_if(seen_.begin(), seen_.end(), [](const context& c) { return c.err() == nil; }));
}

void witness::object(std::string what) {
  const std::lock_guard hold(mutex_);
  if (objection_.empty()) objection_ = std::move(what);
}

std::string witness::objection() const {
  const std::lock_guard hold(mutex_);
  return objection_;
}

// --- the handlers

namespace {

/// Longer than any client stays, any deadline, and any server.
constexpr auto too_long = 60s;
constexpr auto stray_life = 60ms;

std::size_t number(const request& r, std::string_view name) {
  return std::strtoul(r.query(name).c_str(), nullptr, 10);
}

void sized(response_writer& w, request& r) { w.write(std::string(number(r, "n"), 'x')); }

void declared(response_writer& w, request& r) {
  const std::size_t n = number(r, "n");
  w.header().set("Content-Length", std::to_string(n));
  for (std::size_t left = n; left > 0; left -= std::min<std::size_t>(left, 700)) {
    if (w.write(std::string(std::min<std::size_t>(left, 700), 'x')).err() != nil) return;
  }
}

void chunked(response_writer& w, request&) {
  w.header().set("Trailer", "X-Sum");
  for (int i = 0; i < 20; ++i) {
    if (w.write(std::string(300, 'c')).err() != nil) return;
    if (i % 3 == 0 && w.flush() != nil) return;
  }
  w.header().set("X-Sum", "6000");
}

void slow(response_writer& w, request&) {
  for (int i = 0; i < 4; ++i) {
    sleep(1ms);
    w.write("slowly ");
    w.flush();
  }
}

void hints(response_writer& w, request&) {
  w.header().set("Link", "</style>; rel=preload");
  w.write_header(103);
  w.write("after hints");
}

http::handler_func streaming(witness& see) {
  return [&see](response_writer& w, request& r) {
    const context ctx = see.saw(r.ctx());
    const auto end = clock::now() + too_long;
    while (ctx.err() == nil) {
      if (w.write(std::string(2000, 's')).err() != nil || w.flush() != nil) return;
      if (clock::now() > end) return see.object("a stream goes on without anybody");
      sleep(500us);
    }
  };
}

http::handler_func waiting(witness& see) {
  return [&see](response_writer& w, request& r) {
    const context ctx = see.saw(r.ctx());
    if (select(recv(ctx.done()), recv(time_after(too_long))) == 1) see.object("a request was never canceled");
    w.write("too late");
  };
}

http::handler_func hijacking(witness& see) {
  return [&see](response_writer& w, request& r) {
    see.strays.add(1);
    defer _ = [&] { see.strays.done(); };
    see.saw(r.ctx());
    auto [c, err] = w.hijack();
    if (err != nil) return;
    c.set_deadline(clock::now() + stray_life);
    std::array<char, 512> room;
    for (;;) {
      const auto [n, why] = c.read(room);
      if (why != nil || c.write(std::string_view(room.data(), n)).err() != nil) break;
    }
    if (r.query("n").size() % 2 == 0) c.close();
  };
}

http::handler_func keeping(witness& see) {
  return [&see](response_writer& w, request& r) {
    see.strays.go([&see, copy = r]() mutable {
      std::array<char, 64> room;
      while (copy.body.read(room).err() == nil) {
      }
      const context ctx = see.saw(copy.ctx());
      if (select(recv(ctx.done()), recv(time_after(too_long))) == 1) see.object("a kept request was never canceled");
    });
    if (r.content_length % 2 == 0) sleep(300us);
    w.write("kept");
  };
}

void panicking(response_writer& w, request& r) {
  if (r.query("n") == "1") panic(http::abort_handler);
  w.write(std::string(number(r, "n"), 'p'));
  if (number(r, "n") > 5000) w.flush();
  throw std::runtime_error("on purpose");
}

void leaving(response_writer& w, request&) {
  w.write("gone");
  goexit();
}

void hurrying(response_writer& w, request& r) {
  w.set_write_deadline(clock::now() + std::chrono::milliseconds(number(r, "n")));
  w.set_read_deadline(clock::now() + 1ms);
  http::read_all(r.body);
  const std::string much(50'000, 'h');
  for (int i = 0; i < 40 && w.write(much).err() == nil; ++i) {
  }
}

void taking_all(response_writer& w, request& r) {
  auto [text, err] = http::read_all(r.body);
  w.write(std::to_string(text.size()) + (err == nil ? "" : " and no more"));
}

http::handler_func sipping(witness& see) {
  return [&see](response_writer& w, request& r) {
    const context ctx = see.saw(r.ctx());
    std::array<char, 100> room;
    for (int i = 0; i < 30; ++i) {
      if (r.body.read(room).err() != nil) break;
      if (i % 4 == 0) sleep(200us);
    }
    w.write(ctx.err() == nil ? "there" : "gone");
  };
}

void not_taking(response_writer& w, request&) { w.write("no"); }

}  // namespace

const std::vector<std::string> targets_to_get = {
    "/sized?n=13",  "/sized?n=3000", "/sized?n=200000", "/declared?n=20000", "/chunked",    "/slow",
    "/hints",       "/streaming",    "/waiting",        "/waiting",          "/hijacking",  "/hijacking?n=1",
    "/keeping",     "/panicking",    "/panicking?n=1",  "/panicking?n=9000", "/leaving",    "/hurrying?n=1",
    "/hurrying?n=9", "/nowhere",     "//sized",
};

const std::vector<std::string> targets_to_post = {
    "/all", "/all", "/sipping", "/not_taking", "/keeping", "/hurrying?n=2", "/waiting", "/streaming", "/hijacking", "/leaving",
};

http::handler_func handlers_of_all_kinds(witness& w) {
  http::serve_mux mux;
  mux.handle("/sized", sized);
  mux.handle("/declared", declared);
  mux.handle("/chunked", chunked);
  mux.handle("/slow", slow);
  mux.handle("/hints", hints);
  mux.handle("/streaming", streaming(w));
  mux.handle("/waiting", waiting(w));
  mux.handle("/hijacking", hijacking(w));
  mux.handle("/keeping", keeping(w));
  mux.handle("/panicking", panicking);
  mux.handle("/leaving", leaving);
  mux.handle("/hurrying", hurrying);
  mux.handle("POST /all", taking_all);
  mux.handle("POST /sipping", sipping(w));
  mux.handle("POST /not_taking", not_taking);
  return mux;
}

}  // namespace warren::tests
