// SPDX-License-Identifier: MIT
#include "clients.hpp"

#include <array>
#include <chrono>
#include <span>
#include <string_view>
#include <utility>

#include <warren/runtime/descriptor.hpp>
#include <warren/runtime/sockets.hpp>
#include <warren/warren.hpp>

namespace warren::tests {

using namespace std::chrono_literals;

namespace {

constexpr auto attention = 30ms;  ///< for how long a wild client may stay at one thing

// --- what one can do to a connection

void reset_on_close(const net::conn& c) {
  runtime::descriptor* socket = c.behind()->descriptor();
  if (socket == nullptr) return;
  socket->with_file([](int file) { return runtime::sys::set_option(file, runtime::sys::socket_option::linger, 0); });
}

/// By any goroutine, beside whatever the others do with it.
void disturb(const net::conn& c, dice& d) {
  switch (d.below(8)) {
    case 0: c.close(); break;
    case 1:
      reset_on_close(c);
      c.close();
      break;
    case 2: c.close_write(); break;
    case 3: c.close_read(); break;
    case 4: c.set_deadline(clock::now() - 1s); break;
    case 5: c.set_read_deadline(clock::now() + d.up_to(3ms)); break;
    case 6: c.set_write_deadline(clock::now() + d.up_to(3ms)); break;
    default: c.set_deadline(clock::now() + attention); break;
  }
}

/// A goroutine that disturbs it now and again. It holds a handle of its own.
void disturb_meanwhile(const net::conn& c, dice& d, sync::wait_group& all) {
  all.go([c, own = dice(d.seed())]() mutable {
    for (std::uint64_t times = 1 + own.below(3); times > 0; --times) {
      sleep(own.up_to(2ms));
      disturb(c, own);
    }
  });
}

void speak(const net::conn& c, std::string_view text, dice& d) {
  if (d.one_in(2)) {
    c.write(text);
    return;
  }
  while (!text.empty()) {
    const std::size_t n = 1 + d.below(std::min<std::size_t>(text.size(), d.one_in(3) ? 3 : 400));
    if (c.write(text.substr(0, n)).err() != nil) return;
    text.remove_prefix(n);
    if (d.one_in(4)) sleep(d.up_to(300us));
  }
}

void listen(const net::conn& c, dice& d) {
  std::array<char, 3000> room;
  const std::uint64_t most = d.one_in(3) ? 1 : 200;
  for (std::uint64_t i = 0; i < most; ++i) {
    if (c.read(std::span(room).first(1 + d.below(room.size()))).err() != nil) return;
    if (d.one_in(20)) sleep(d.up_to(500us));
  }
}

void part(const net::conn& c, dice& d) {
  switch (d.below(5)) {
    case 0: c.close(); break;
    case 1:
      c.close_write();
      listen(c, d);
      break;
    case 2:
    case 3:
      reset_on_close(c);
      c.close();
      break;
    default: break;  // the last handle closes it
  }
}

// --- what one can say

const std::string& any_of(const std::vector<std::string>& list, dice& d) { return list[d.below(list.size())]; }

std::string in_chunks(std::string_view text, dice& d) {
  std::array<char, 20> size;
  std::string all;
  while (!text.empty()) {
    const std::size_t n = 1 + d.below(text.size());
    std::snprintf(size.data(), size.size(), "%zx\r\n", n);
    all += size.data();
    all.append(text.substr(0, n)) += "\r\n";
    text.remove_prefix(n);
  }
  return all + "0\r\n\r\n";
}

std::string request_with_body(dice& d) {
  const std::string body(d.below(d.one_in(4) ? 100'000 : 600), 'b');
  std::string text = "POST " + any_of(targets_to_post, d) + " HTTP/1.1\r\nHost: chaos\r\n";
  if (d.one_in(3)) text += "Expect: 100-continue\r\n";
  if (d.one_in(2)) return text + "Transfer-Encoding: chunked\r\n\r\n" + in_chunks(body, d);
  return text + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string one_request(dice& d) {
  if (d.one_in(3)) return request_with_body(d);
  const std::string_view version = d.one_in(6) ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n";
  const std::string_view end = d.one_in(6) ? "\r\nConnection: close\r\n\r\n" : "\r\n\r\n";
  std::string head = (d.one_in(8) ? "HEAD " : "GET ") + any_of(targets_to_get, d);
  return head.append(version).append("Host: chaos").append(end);
}

/// One request or several, of which something may be missing, or wrong.
std::string some_requests(dice& d) {
  std::string text;
  for (std::uint64_t n = d.one_in(4) ? 1 + d.below(6) : 1; n > 0; --n) text += one_request(d);
  if (d.one_in(4)) text.resize(d.below(text.size() + 1));
  if (d.one_in(15) && !text.empty()) text[d.below(text.size())] = static_cast<char>(d.below(256));
  return text;
}

net::conn connect(battlefield& f, const std::string& address, dice& d) {
  if (&address == &f.http && d.one_in(8)) return f.pipes.connect();
  auto [ctx, cancel] = context::with_timeout(context::background(), d.one_in(10) ? d.up_to(200us) : std::chrono::microseconds(10s));
  defer _ = cancel;
  return net::dial(ctx, address.front() == '@' ? "unix" : "tcp", address).first;
}

}  // namespace

void act_raw(battlefield& f, dice& d) {
  const net::conn c = connect(f, f.http, d);
  if (c == nil) return;
  c.set_deadline(clock::now() + attention);
  sync::wait_group beside;
  if (d.one_in(3)) disturb_meanwhile(c, d, beside);
  if (d.one_in(20)) sleep(d.up_to(5ms));
  for (std::uint64_t times = 1 + d.below(3); times > 0; --times) {
    speak(c, some_requests(d), d);
    if (d.one_in(3)) sleep(d.up_to(2ms));
    if (!d.one_in(4)) listen(c, d);
  }
  part(c, d);
  beside.wait();
}

void act_echo(battlefield& f, dice& d) {
  const net::conn c = connect(f, f.echo, d);
  if (c == nil) return;
  c.set_deadline(clock::now() + (f.is_patient ? 30s : attention));
  const bool is_disturbed = d.one_in(2);
  sync::wait_group beside;
  if (is_disturbed) disturb_meanwhile(c, d, beside);
  const std::string text(1 + d.below(d.one_in(5) ? 300'000 : 2000), 'e');
  beside.go([&] {
    // What was not written would be waited for.
    if (c.write(text).err() != nil) c.close();
  });
  std::array<char, 8192> room;
  std::size_t back = 0;
  while (back < text.size()) {
    const auto [n, err] = c.read(room);
    if (err != nil) break;
    back += n;
  }
  if (back < text.size()) c.close();
  beside.wait();
  if (back < text.size() && !is_disturbed && f.is_patient && !f.ending) f.see.object("the echo is too short");
  part(c, d);
}

// --- with the client

namespace {

/// A body that comes slowly, in pieces.
class trickle final : public http::body_source {
 public:
  trickle(std::size_t bytes, dice d) : left_(bytes), d_(std::move(d)) {}

  result<std::size_t> read(std::span<char> to) override {
    if (left_ == 0) return {0, net::eof};
    if (d_.one_in(5)) sleep(d_.up_to(500us));
    if (d_.one_in(30)) return {0, errors::make("the source has dried up")};
    const std::size_t n = std::min({left_, to.size(), std::size_t{900}});
    std::fill_n(to.begin(), n, 't');
    left_ -= n;
    return {n, nil};
  }
  error close() override { return nil; }

 private:
  std::size_t left_;
  dice d_;
};

result<http::request> any_request(const battlefield& f, const context& ctx, dice& d) {
  const std::string url = "http://" + f.http;
  if (d.one_in(2)) return http::new_request(ctx, d.one_in(8) ? "HEAD" : "GET", url + any_of(targets_to_get, d));
  const std::size_t size = d.below(d.one_in(4) ? 60'000 : 900);
  auto made = http::new_request(ctx, "POST", url + any_of(targets_to_post, d),
                                d.one_in(2) ? http::body(new trickle(size, dice(d.seed()))) : http::body(std::string(size, 'w')));
  if (made.err() == nil && d.one_in(3)) made.first.header.set("Expect", "100-continue");
  return made;
}

void use_answer(const http::response& res, dice& d) {
  std::array<char, 500> room;
  switch (d.below(4)) {
    case 0: break;  // the last handle lets it go
    case 1: res.body().close(); break;
    case 2: res.body().read(room); break;
    default: http::read_all(res.body()); break;
  }
}

}  // namespace

void act_wild(battlefield& f, dice& d) {
  auto [ctx, cancel] = context::with_timeout(context::background(), d.up_to(attention));
  defer _ = cancel;
  sync::wait_group beside;
  if (d.one_in(3)) {
    beside.go([cancel = cancel, after = d.up_to(3ms)] {
      sleep(after);
      cancel();
    });
  }
  auto [req, bad] = any_request(f, ctx, d);
  if (bad != nil) return f.see.object("a good request is refused: " + bad.message());
  auto [res, err] = f.wild.do_(std::move(req));
  if (err == nil) use_answer(res, d);
  if (d.one_in(50)) f.wild.close_idle();
  beside.wait();
}

void act_calm(battlefield& f, dice& d) {
  const std::size_t size = d.below(d.one_in(3) ? 200'000 : 500);
  const std::string url = "http://" + f.http;
  const bool posts = d.one_in(2);
  auto [res, err] = posts ? f.calm.post(url + "/all", "text/plain", std::string(size, 'q'))
                          : f.calm.get(url + "/sized?n=" + std::to_string(size));
  std::string text;
  if (err == nil) std::tie(text, err) = http::read_all(res.body());
  const bool is_right = err == nil && text == (posts ? std::to_string(size) : std::string(size, 'x'));
  if (is_right) f.answers.fetch_add(1, std::memory_order_relaxed);
  // Read after the answer: what failed before the end began has failed for no good reason.
  if (is_right || !f.is_patient || f.ending) return;
  f.see.object((posts ? "a post of " : "a get of ") + std::to_string(size) + ": " +
               (err != nil ? err.message() : std::to_string(text.size()) + " bytes"));
}

}  // namespace warren::tests
