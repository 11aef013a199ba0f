// SPDX-License-Identifier: MIT
// Request bodies that are large, of unknown length, held back, or cut short.

#include <warren/sync/wait_group.hpp>

#include <algorithm>
#include <atomic>

#include "fixture.hpp"

namespace {

using namespace warren;
using namespace warren::tests;
using namespace std::chrono_literals;

/// So many bytes, whose number is told or not; then maybe an error.
class made_up final : public http::body_source {
 public:
  made_up(std::size_t size, bool tells, warren::error end = net::eof)
      : size_(size), left_(size), tells_(tells), end_(std::move(end)) {}

  result<std::size_t> read(std::span<char> to) override {
    const std::size_t n = std::min({left_, to.size(), std::size_t{10'007}});
    if (n == 0) return {0, end_};
    std::fill_n(to.begin(), n, 'x');
    left_ -= n;
    return {n, nil};
  }
  warren::error close() override {
    closed.fetch_add(1, std::memory_order_relaxed);
    return nil;
  }
  std::int64_t length() const override { return tells_ ? static_cast<std::int64_t>(size_) : -1; }

  static inline std::atomic<int> closed{0};

 private:
  const std::size_t size_;
  std::size_t left_;
  const bool tells_;
  const warren::error end_;
};

http::request post(const std::string& url, http::body content) {
  auto [r, err] = http::new_request("POST", url, std::move(content));
  EXPECT_EQ(err, nil) << err;
  return r;
}

std::string read_text(const result<http::response>& r) {
  return r.err() != nil ? "error: " + why(r.err()) : read_all(r.value().body()).value();
}

/// Answers with the head's line about the body, and how much came.
void measure(peer& p) {
  for (std::string head; !(head = p.read_head()).empty();) {
    const std::size_t size = p.read_body(head).size();
    const bool chunked = head.find("Transfer-Encoding: chunked\r\n") != std::string::npos;
    if (!p.send(ok((chunked ? "chunked " : "sized ") + std::to_string(size)))) return;
  }
}

WARREN_TEST(http_client_upload, large_ones) {
  scripted_server server(measure);
  own_client c;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(read_text(c.do_(post(server.url(), std::string(2'000'000, 'x')))), "sized 2000000");
    EXPECT_EQ(read_text(c.do_(post(server.url(), http::body(new made_up(1'000'000, true))))), "sized 1000000");
    EXPECT_EQ(read_text(c.do_(post(server.url(), std::string(16 * 1024, 'x')))), "sized 16384");
    EXPECT_EQ(read_text(c.do_(post(server.url(), http::body(new made_up(0, true))))), "sized 0");
  }
  EXPECT_EQ(server.connections(), 1);
}

WARREN_TEST(http_client_upload, chunks) {
  scripted_server server([](peer& p) {
    const std::string head = p.read_head();
    p.send(ok(head.substr(head.find("Transfer-Encoding")) + p.read_body(head)));
  });
  own_client c;
  auto r = post(server.url(), http::body(new made_up(12'007, false)));
  r.trailer.set("X-Sum", "42");
  EXPECT_EQ(read_text(c.do_(r)), "Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2717\r\n" + std::string(10'007, 'x') +
                                     "\r\n7d0\r\n" + std::string(2000, 'x') + "\r\n0\r\nX-Sum: 42\r\n\r\n");
}

WARREN_TEST(http_client_upload, the_body_is_closed_in_any_case) {
  const int before = made_up::closed.load(std::memory_order_relaxed);
  {
    scripted_server server(measure);
    own_client c;
    read_text(c.do_(post(server.url(), http::body(new made_up(10, false)))));
  }
  EXPECT_GT(made_up::closed.load(std::memory_order_relaxed), before);
  const int then = made_up::closed.load(std::memory_order_relaxed);
  own_client c;
  c.do_(post("ftp://h/", http::body(new made_up(10, false))));
  EXPECT_GT(made_up::closed.load(std::memory_order_relaxed), then);
}

WARREN_TEST(http_client_upload, lengths_that_are_wrong) {
  scripted_server server([](peer& p) { p.read_to_end(); });
  own_client c;
  auto small = post(server.url(), "abc");
  small.content_length = 5;
  EXPECT_EQ(why(c.do_(small).err()), "http: ContentLength=5 with Body length 3");
  auto short_one = post(server.url(), http::body(new made_up(100'000, false)));
  short_one.content_length = 200'000;
  EXPECT_EQ(why(c.do_(short_one).err()), "http: ContentLength=200000 with Body length 100000");
  auto long_one = post(server.url(), http::body(new made_up(100'010, false)));
  long_one.content_length = 100'000;
  EXPECT_EQ(why(c.do_(long_one).err()), "http: ContentLength=100000 with Body length 100010");
}

WARREN_TEST(http_client_upload, a_body_that_fails_is_why) {
  scripted_server server([](peer& p) { p.read_to_end(); });
  own_client c;
  const error doom = errors::make("doom");
  for (const bool tells : {false, true}) {
    auto r = post(server.url(), http::body(new made_up(100, false, doom)));
    if (tells) r.content_length = 200;
    const error err = c.do_(r).err();
    EXPECT_TRUE(errors::is(err, doom)) << err;
    EXPECT_EQ(why(err), "doom");
  }
}

// Go's TestNoReuseAfterEarlyResponse, TestTransportPrefersResponseOverWriteError.
WARREN_TEST(http_client_upload, an_early_answer_is_the_answer) {
  scripted_server server([](peer& p) {
    p.read_head();
    p.send(ok("early"));
    sleep(5ms);
  });
  own_client c;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(read_text(c.do_(post(server.url(), http::body(new made_up(50'000'000, i == 1))))), "early");
    EXPECT_EQ(server.connections(), i + 1);
  }
}

WARREN_TEST(http_client_upload, a_server_that_answers_as_it_reads) {
  scripted_server server([](peer& p) {
    p.read_head();
    p.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    for (;;) {
      const std::string piece = p.read_exactly(100'000);
      if (!p.send(piece) || piece.size() < 100'000) return;
      if (piece.find("0\r\n\r\n") != std::string::npos) return;
    }
  });
  own_client c;
  auto [res, err] = c.do_(post(server.url(), http::body(new made_up(5'000'000, true))));
  ASSERT_EQ(err, nil) << err;
  char room[50'000];
  std::size_t got = 0;
  while (got < 5'000'000) {
    const auto [n, read_err] = res.body().read(room);
    got += n;
    if (read_err != nil) break;
  }
  EXPECT_EQ(got, 5'000'000U);
}

http::request expecting(const std::string& url) {
  auto r = post(url, "Hello");
  r.header.set("Expect", "100-continue");
  return r;
}

WARREN_TEST(http_client_upload, a_body_that_is_asked_for) {
  scripted_server server([](peer& p) {
    for (std::string head; !(head = p.read_head()).empty();) {
      EXPECT_EQ(p.rest(), "");
      p.send("HTTP/1.1 100 Continue\r\n\r\n");
      p.send(ok(p.read_body(head)));
    }
  });
  http::transport_options o;
  o.expect_continue_timeout = 10s;
  own_client c(o);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(read_text(c.do_(expecting(server.url()))), "Hello");
  EXPECT_EQ(server.connections(), 1);
}

WARREN_TEST(http_client_upload, a_body_that_nobody_wants) {
  scripted_server server([](peer& p) {
    p.read_head();
    p.send("HTTP/1.1 417 No\r\nContent-Length: 2\r\n\r\nno");
    EXPECT_EQ(p.read_to_end(), "");
  });
  own_client c;
  for (int i = 0; i < 2; ++i) EXPECT_EQ(read_text(c.do_(expecting(server.url()))), "no");
  EXPECT_EQ(server.connections(), 2);
}

WARREN_TEST(http_client_upload, a_body_that_nobody_says_anything_about) {
  scripted_server server([](peer& p) {
    for (std::string head; !(head = p.read_head()).empty();) {
      if (!p.send(ok(p.read_body(head)))) return;
    }
  });
  for (const auto patience : {0ms, 10ms}) {
    http::transport_options o;
    o.expect_continue_timeout = patience;
    own_client c(o);
    for (int i = 0; i < 2; ++i) EXPECT_EQ(read_text(c.do_(expecting(server.url()))), "Hello");
  }
  EXPECT_EQ(server.connections(), 2);
}

WARREN_TEST(http_client_upload, a_redirect_in_the_middle_of_it) {
  scripted_server server([](peer& p) {
    const std::string head = p.read_head();
    if (p.number == 0) {
      p.send("HTTP/1.1 307 X\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n");
      sleep(20ms);
      return;
    }
    p.send(ok(std::to_string(p.read_body(head).size())));
  });
  own_client c;
  EXPECT_EQ(read_text(c.do_(post(server.url(), std::string(20'000'000, 'x')))), "20000000");
}

}  // namespace
