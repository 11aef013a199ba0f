// SPDX-License-Identifier: MIT
// client URL: tries a server that others wrote, with what server.go and server.cpp do.
#include <warren/warren.hpp>

#include <stdexcept>
#include <string>
using namespace warren;
using namespace std::chrono_literals;

namespace {

/// Ends the program where something is not as it should be.
template <class Got, class Wanted>
void expect(const std::string& what, const Got& got, const Wanted& wanted) {
  if (got == wanted) return;
  eprintln(what + ": got", got, "in place of", wanted);
  throw std::runtime_error("the server, or this client, is wrong");
}

struct answer {
  http::response head;
  std::string text;
};

answer taken(const std::string& what, result<http::response> r) {
  expect(what, r.err(), nil);
  auto [text, err] = http::read_all(r.value().body());
  expect(what, err, nil);
  return {r.value(), text};
}

std::string bytes(std::size_t n) {
  std::string text(n, '\0');
  for (std::size_t i = 0; i < n; ++i) text[i] = static_cast<char>(i * 131 + i / 251);
  return text;
}

/// A body whose length nobody knows beforehand.
class pieces final : public http::body_source {
 public:
  explicit pieces(std::string text) : text_(std::move(text)) {}
  result<std::size_t> read(std::span<char> to) override {
    if (at_ == text_.size()) return {0, net::eof};
    const std::size_t n = text_.copy(to.data(), std::min<std::size_t>(to.size(), 1 + at_ % 3001), at_);
    at_ += n;
    return {n, nil};
  }
  error close() override { return nil; }

 private:
  std::string text_;
  std::size_t at_ = 0;
};

void get_and_head(const http::client& c, const std::string& url) {
  for (int i = 0; i < 50; ++i) {
    const answer a = taken("get", c.get(url + "/hello"));
    expect("get", a.text, "hello, world\n");
    expect("get", a.head.status(), "200 OK");
  }
  const answer head = taken("head", c.head(url + "/hello"));
  expect("head", head.text, "");
  expect("head", head.head.status_code(), 200);
}

void bodies(const http::client& c, const std::string& url) {
  for (std::size_t n : {0, 1, 4095, 4096, 100'000, 3'000'000}) {
    const std::string sent = bytes(n);
    expect("sized", taken("sized", c.post(url + "/echo", "a/b", sent)).text == sent, true);
    http::body stream(new pieces(sent));
    expect("chunked", taken("chunked", c.post(url + "/echo", "a/b", stream)).text == sent, true);
    expect("large", taken("large", c.get(url + "/large?n=" + std::to_string(n))).text.size(), n);
  }
}

void expect_continue(const http::client& c, const std::string& url) {
  auto [r, bad] = http::new_request("PUT", url + "/echo", bytes(50'000));
  r.header.set("Expect", "100-continue");
  const answer a = taken("expect", c.do_(r));
  expect("expect", a.text.size(), 50'000U);
  expect("expect", a.head.header().get("X-Method"), "PUT");
}

void heads(const http::client& c, const std::string& url) {
  for (int code : {204, 304, 404, 418, 500}) {
    expect("status", taken("status", c.get(url + "/status/" + std::to_string(code))).head.status_code(),
           code);
  }
  auto [r, bad] = http::new_request("GET", url + "/fields");
  r.header.add("X-Own", "one");
  r.header.add("X-Own", "two");
  r.host = "other.example";
  const answer a = taken("fields", c.do_(r));
  expect("fields", a.text, "other.example");
  expect("fields", a.head.header().values("X-Own").size(), 2U);
  const answer t = taken("trailers", c.get(url + "/trailers"));
  expect("trailers", t.text, "body");
  expect("trailers", t.head.trailer().get("X-Sum"), "42");
  expect("close", taken("close", c.get(url + "/close")).text, "last");
  expect("after close", taken("after close", c.get(url + "/hello")).text, "hello, world\n");
}

void redirects(const http::client& c, const std::string& url) {
  expect("redirects", taken("redirects", c.get(url + "/redirect/5")).text, "hello, world\n");
  expect("too many", c.get(url + "/redirect/10").err().message(),
         "Get \"/redirect/0\": stopped after 10 redirects");
}

void many_at_a_time(const http::client& c, const std::string& url) {
  errgroup::group g;
  g.set_limit(32);
  for (int i = 0; i < 500; ++i) {
    g.go([&, i] {
      const std::string sent = bytes(static_cast<std::size_t>(i) * 37);
      expect("at a time", taken("at a time", c.post(url + "/echo", "a/b", sent)).text == sent, true);
    });
  }
  expect("at a time", g.wait(), nil);
}

}  // namespace

int main(int, char** argv) {
  return run([argv] {
    const std::string url = argv[1];
    http::client c;
    c.timeout = 20s;
    get_and_head(c, url);
    bodies(c, url);
    expect_continue(c, url);
    heads(c, url);
    redirects(c, url);
    many_at_a_time(c, url);
    println("all as it should be");
  });
}
