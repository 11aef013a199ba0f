// SPDX-License-Identifier: MIT
// What clients that others wrote are tried against: server.go does the same.
#include <warren/warren.hpp>

#include <algorithm>
#include <charconv>
#include <string>
using namespace warren;

namespace {

std::size_t number(const std::string& text) {
  std::size_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

/// Sends back what has come. All of it is read first: an answer that has begun ends the request's body.
void echo(http::response_writer& w, http::request& r) {
  auto [text, err] = http::read_all(r.body);
  if (err != nil) return http::error(w, err.message(), http::status_bad_request);
  w.header().set("Content-Type", "application/octet-stream");
  w.header().set("X-Method", r.method);
  w.write(text);
}

/// So many bytes, in pieces of different sizes.
void large(http::response_writer& w, http::request& r) {
  std::size_t left = number(r.query("n")), piece = 1;
  while (left > 0) {
    const std::string text(std::min(piece, left), static_cast<char>('a' + piece % 26));
    if (w.write(text).err() != nil) return;
    if (piece % 7 == 0) w.flush();
    left -= text.size();
    piece = piece * 3 % 9973;
  }
}

void status(http::response_writer& w, http::request& r) {
  w.write_header(static_cast<int>(number(r.path_value("code"))));
}

void redirect(http::response_writer& w, http::request& r) {
  const std::size_t left = number(r.path_value("left"));
  http::redirect(w, r, left == 0 ? "/hello" : "/redirect/" + std::to_string(left - 1), http::status_found);
}

void trailers(http::response_writer& w, http::request&) {
  w.header().set("Trailer", "X-Sum");
  w.write("body");
  w.flush();
  w.header().set("X-Sum", "42");
}

void fields(http::response_writer& w, http::request& r) {
  for (const std::string& value : r.header.values("X-Own")) w.header().add("X-Own", value);
  w.write(r.host);
}

}  // namespace

int main() {
  return run([] {
    http::handle("/hello", [](http::response_writer& w, http::request&) { w.write("hello, world\n"); });
    http::handle("/echo", echo);
    http::handle("/large", large);
    http::handle("/status/{code}", status);
    http::handle("/redirect/{left}", redirect);
    http::handle("/trailers", trailers);
    http::handle("/fields", fields);
    http::handle("/close", [](http::response_writer& w, http::request&) {
      w.header().set("Connection", "close");
      w.write("last");
    });
    auto [l, err] = net::listen("tcp", "127.0.0.1:0");
    if (err == nil) {
      eprintln("listening on", l.addr());
      err = http::serve(l, nil);
    }
    eprintln(err);
    return 1;
  });
}
