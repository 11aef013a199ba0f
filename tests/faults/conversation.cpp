// SPDX-License-Identifier: MIT
#include "conversation.hpp"

#include <warren/warren.hpp>

#include <chrono>
#include <string_view>

#include "../net/network.hpp"

namespace warren::tests {

using namespace std::chrono_literals;

std::string alphabet(std::size_t size) {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 23);
  return text;
}

namespace {

/// Gives back what comes on the connection until its end.
error echo(const net::conn& c) {
  char room[700];
  for (;;) {
    auto [n, err] = c.read(room);
    if (err != nil) return err == net::eof ? nil : err;
    const std::string_view some(room, n);
    if (error failed = c.write(some.substr(0, n / 2), some.substr(n / 2)).err(); failed != nil) return failed;
  }
}

error serve_one(const net::listener& l) {
  for (;;) {
    auto [c, err] = l.accept();
    if (err != nil && net::is_temporary(err)) {
      sleep(100us);
      continue;
    }
    const error ended = err != nil ? err : echo(c);
    // Nobody is to wait for who is not served any more.
    if (err == nil)
      c.close();
    else
      l.close();
    return ended;
  }
}

void talk(const std::string& to, conversation& o) {
  auto [c, err] = net::dial("tcp", to);
  o.client = err;
  if (err != nil) return;
  c.set_deadline(clock::now() + 10s);
  // Beside the reading, or both ends could wait for room.
  sync::wait_group writing;
  error unsaid;
  writing.go([&unsaid, &o, c = c] {
    unsaid = c.write(o.said).err();
    if (unsaid == nil) unsaid = c.close_write();
    if (unsaid != nil) c.close();
  });
  error unheard;
  o.heard = read_to_end(c, &unheard);
  c.close();
  writing.wait();
  if (unheard == net::eof) unheard = nil;
  o.client = unsaid != nil ? unsaid : unheard;
}

}  // namespace

conversation converse(std::size_t bytes) {
  conversation o;
  o.said = alphabet(bytes);
  auto [l, err] = net::listen("tcp", "127.0.0.1:0");
  o.client = err;
  if (err != nil) return o;
  sync::wait_group server;
  server.go([&o, l = l] { o.server = serve_one(l); });
  talk(to_string(l.addr()), o);
  l.close();
  server.wait();
  return o;
}

}  // namespace warren::tests
