// SPDX-License-Identifier: MIT
#include <warren/http/body.hpp>
#include <warren/http/input.hpp>
#include <warren/http/message_body.hpp>

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "../test.hpp"
#include "scripted_stream.hpp"
#include "splits.hpp"

namespace {

using namespace warren;
using framing = http::message_body::framing;
using http::body_end;

// --- bodies that a program makes ------------------------------------------------------------------------

TEST(http_body, nil_has_no_bytes) {
  const http::body b;
  char room[4];
  EXPECT_EQ(b, nil);
  EXPECT_EQ(b.length(), 0);
  EXPECT_EQ(b.read(room).err(), net::eof);
  EXPECT_EQ(b.close(), nil);
  EXPECT_TRUE(b.rewind());
  EXPECT_EQ(http::read_all(b).value(), "");
  EXPECT_EQ(http::read_all(b).err(), nil);
}

TEST(http_body, text) {
  const http::body b = "hello";
  const http::body copy = b;
  EXPECT_NE(b, nil);
  EXPECT_EQ(b, copy);
  EXPECT_EQ(b.length(), 5);
  char room[3];
  EXPECT_EQ(b.read(room).value(), 3U);
  EXPECT_EQ(b.source()->text(), "lo");
  EXPECT_EQ(b.read(std::span<char>()).err(), nil);
  EXPECT_EQ(copy.read(room).value(), 2U);
  EXPECT_EQ(b.read(room).err(), net::eof);
  EXPECT_TRUE(b.rewind());
  EXPECT_EQ(http::read_all(copy).value(), "hello");
  EXPECT_EQ(http::body(std::string_view("a\0b", 3)).length(), 3);
}

class failing_source final : public http::body_source {
 public:
  explicit failing_source(int* ended) : ended_(ended) {}
  ~failing_source() override { ++*ended_; }
  result<std::size_t> read(std::span<char> to) override {
    if (reads_++ == 0) {
      to[0] = 'x';
      return {1, nil};
    }
    return {0, why};
  }
  error close() override { return why; }

  error why = errors::make("broken");

 private:
  int* ended_;
  int reads_ = 0;
};

TEST(http_body, a_source_of_the_programs_own) {
  int ended = 0;
  {
    auto* source = new failing_source(&ended);
    const http::body b(source);
    EXPECT_TRUE(source->is_unshared());
    const http::body copy = b;
    EXPECT_FALSE(source->is_unshared());
    EXPECT_EQ(b.length(), -1);
    EXPECT_FALSE(b.rewind());
    const auto [text, err] = http::read_all(b);
    EXPECT_EQ(text, "x");
    EXPECT_EQ(err, source->why);
    EXPECT_EQ(b.close(), source->why);
  }
  EXPECT_EQ(ended, 1);
}

// --- the buffer -------------------------------------------------------------------------------------------

class bound_input {
 public:
  explicit bound_input(std::vector<std::string> pieces)
      : stream(new tests::scripted_stream(std::move(pieces))), in(stream) {}
  ~bound_input() { stream->release(); }
  bound_input(const bound_input&) = delete;
  bound_input& operator=(const bound_input&) = delete;

  tests::scripted_stream* stream;
  http::input in;
};

TEST(http_input, holds_memory_only_while_something_is_in_it) {
  bound_input b({"hello", "world"});
  EXPECT_EQ(b.in.capacity(), 0U);
  EXPECT_EQ(b.in.fill(1000).value(), 5U);
  EXPECT_EQ(b.in.capacity(), http::input::first_size);
  b.in.consume(3);
  b.in.release();
  EXPECT_EQ(b.in.data(), "lo");
  b.in.consume(2);
  b.in.release();
  EXPECT_EQ(b.in.capacity(), 0U);
  EXPECT_EQ(b.in.fill(1000).value(), 5U);
  EXPECT_EQ(b.in.take_rest(), "world");
  EXPECT_EQ(b.in.capacity(), 0U);
  EXPECT_EQ(b.in.fill(1000).err(), net::eof);
}

TEST(http_input, grows_to_its_limit_and_not_further) {
  bound_input b({std::string(100'000, 'x')});
  std::size_t got = 0;
  while (b.in.size() < 20'000) {
    const std::size_t n = b.in.fill(20'000).value();
    ASSERT_NE(n, 0U);
    got += n;
  }
  EXPECT_EQ(b.in.fill(20'000).value(), 0U);
  EXPECT_EQ(b.in.fill(20'000).err(), nil);
  EXPECT_LE(b.in.capacity(), 20'000U);
  EXPECT_EQ(b.in.data(), std::string(got, 'x'));
  EXPECT_EQ(b.stream->left().size() + got, 100'000U);
}

TEST(http_input, keeps_what_is_there_when_it_moves) {
  std::mt19937 random(5);
  std::string all;
  for (int i = 0; i < 200'000; ++i) all += static_cast<char>(random());
  bound_input b(tests::at_random(all, random));
  std::string got;
  while (b.in.fill(10'000).err() == nil) {
    const std::size_t n = random() % (b.in.size() + 1);
    got += b.in.data().substr(0, n);
    b.in.consume(n);
    if (random() % 8 == 0) b.in.release();
  }
  got += b.in.take_rest();
  EXPECT_EQ(got, all);
}

TEST(http_input, goes_from_stream_to_stream) {
  bound_input b({"one"});
  auto* other = new tests::scripted_stream({"two"});
  b.in.fill(100);
  EXPECT_EQ(b.in.unbind(), b.stream);
  b.in.bind(other);
  b.in.fill(100);
  EXPECT_EQ(b.in.data(), "onetwo");
  other->release();
}

// --- bodies that are received -----------------------------------------------------------------------------

class hooks final : public http::body_hooks {
 public:
  error before_read() override {
    ++asked;
    return refusal;
  }
  bool takes_the_rest() const override { return keeps; }
  void at_end(body_end how, const error& why, http::header& trailers) override {
    ++ended;
    end = how;
    reason = why;
    trailer = trailers.get("X");
  }

  bool keeps = false;
  error refusal;
  int asked = 0;
  int ended = 0;
  body_end end = body_end::left;
  error reason;
  std::string trailer;
};

class received {
 public:
  received(std::vector<std::string> pieces, framing how, std::int64_t size) : in_(std::move(pieces)) {
    body->start(in_.in, how, size, &h, {.unannounced_trailers = true});
    body->retain();
    b = http::body(body);
  }
  ~received() { body->release(); }
  received(const received&) = delete;
  received& operator=(const received&) = delete;

  http::input& in() { return in_.in; }
  tests::scripted_stream& stream() { return *in_.stream; }

  /// What stands behind the body.
  std::string unread() { return std::string(in().data()) + stream().left(); }

  hooks h;
  http::message_body* body = new http::message_body;
  http::body b;

 private:
  bound_input in_;
};

TEST(http_message_body, sized) {
  received r({"hel", "lo, next"}, framing::sized, 5);
  EXPECT_EQ(r.b.length(), 5);
  EXPECT_FALSE(r.body->at_end());
  EXPECT_EQ(http::read_all(r.b).value(), "hello");
  EXPECT_TRUE(r.body->at_end());
  EXPECT_EQ(r.h.ended, 1);
  EXPECT_EQ(r.h.end, body_end::whole);
  EXPECT_EQ(r.unread(), ", next");
  char room[4];
  EXPECT_EQ(r.b.read(room).err(), net::eof);
  EXPECT_TRUE(r.body->drain(0));
  EXPECT_EQ(r.b.read(room).err(), http::body_read_after_close);
  EXPECT_EQ(r.h.ended, 1);
}

TEST(http_message_body, the_end_is_told_with_the_last_byte) {
  received r({"hello"}, framing::sized, 5);
  char room[5];
  EXPECT_EQ(r.b.read(room).value(), 5U);
  EXPECT_TRUE(r.body->at_end());
}

TEST(http_message_body, none) {
  received r({"next"}, framing::none, 0);
  EXPECT_TRUE(r.body->at_end());
  EXPECT_EQ(r.b.length(), 0);
  EXPECT_EQ(http::read_all(r.b).value(), "");
  EXPECT_TRUE(r.body->drain(0));
  EXPECT_EQ(r.h.ended, 0);
  EXPECT_EQ(r.stream().reads, 0);
}

TEST(http_message_body, until_the_stream_ends) {
  received r({"hel", "lo"}, framing::until_end, 0);
  EXPECT_EQ(r.b.length(), -1);
  EXPECT_EQ(http::read_all(r.b).value(), "hello");
  EXPECT_EQ(r.h.end, body_end::whole);
}

TEST(http_message_body, chunked_in_all_pieces_and_rooms) {
  const std::string data(5000, 'd');
  const std::string text = "5\r\nhello\r\n1388\r\n" + data + "\r\n0\r\nX: y\r\n\r\n";
  std::mt19937 random(9);
  for (int i = 0; i < 100; ++i) {
    received r(tests::at_random(text + "next", random), framing::chunked, 0);
    std::string got;
    std::vector<char> room(1 + random() % 8000);
    for (;;) {
      const auto [n, err] = r.b.read(room);
      got.append(room.data(), n);
      if (err != nil) {
        EXPECT_EQ(err, net::eof);
        break;
      }
    }
    ASSERT_EQ(got, "hello" + data);
    EXPECT_EQ(r.h.end, body_end::whole);
    EXPECT_EQ(r.h.trailer, "y");
    ASSERT_EQ(r.unread(), "next");
  }
}

TEST(http_message_body, the_stream_ends_too_early) {
  const std::pair<framing, std::string> cases[] = {
      {framing::sized, ""},
      {framing::sized, "hell"},
      {framing::chunked, "5\r\nhell"},
      {framing::chunked, "5\r\nhello\r\n0\r\n"},
      {framing::chunked, ""},
  };
  for (const auto& [how, text] : cases) {
    for (const std::size_t room : {1U, 10'000U}) {
      received r({text}, how, 5);
      std::vector<char> to(room);
      error err;
      while (err == nil) err = r.b.read(to).err();
      EXPECT_EQ(err, net::unexpected_eof);
      EXPECT_EQ(r.b.read(to).err(), net::unexpected_eof);
      EXPECT_EQ(r.h.end, body_end::failed);
      EXPECT_FALSE(r.body->drain(1000));
    }
  }
}

TEST(http_message_body, errors_of_the_stream_and_of_the_coding_stay) {
  const error broken = errors::make("broken");
  received r({"he"}, framing::sized, 5);
  r.stream().at_end = broken;
  const auto [text, err] = http::read_all(r.b);
  EXPECT_EQ(text, "he");
  EXPECT_EQ(err, broken);
  EXPECT_EQ(r.h.reason, broken);

  received bad({"5\r\nhelloX"}, framing::chunked, 0);
  const auto [some, why] = http::read_all(bad.b);
  EXPECT_EQ(some, "hello");
  EXPECT_EQ(why.message(), "malformed chunked encoding");
  char room[1];
  EXPECT_EQ(bad.b.read(room).err(), why);
  EXPECT_EQ(bad.h.ended, 1);
}

TEST(http_message_body, asks_once_before_it_reads_the_stream) {
  received r({"a", "b", "c"}, framing::sized, 3);
  EXPECT_EQ(r.h.asked, 0);
  EXPECT_EQ(http::read_all(r.b).value(), "abc");
  EXPECT_EQ(r.h.asked, 1);

  received refused({"abc"}, framing::sized, 3);
  refused.h.refusal = errors::make("no");
  EXPECT_EQ(http::read_all(refused.b).err(), refused.h.refusal);
  EXPECT_EQ(refused.stream().reads, 0);
  EXPECT_EQ(refused.h.end, body_end::failed);
}

TEST(http_message_body, what_is_buffered_is_read_without_asking) {
  received r({"hello"}, framing::sized, 5);
  r.in().fill(100);
  EXPECT_EQ(http::read_all(r.b).value(), "hello");
  EXPECT_EQ(r.h.asked, 0);
}

TEST(http_message_body, closed_by_its_reader) {
  received r({"hello"}, framing::sized, 5);
  char room[2];
  EXPECT_EQ(r.b.read(room).value(), 2U);
  EXPECT_EQ(r.b.close(), nil);
  EXPECT_EQ(r.b.close(), nil);
  EXPECT_EQ(r.b.read(room).err(), http::body_read_after_close);
  EXPECT_EQ(r.h.ended, 1);
  EXPECT_EQ(r.h.end, body_end::left);
  EXPECT_FALSE(r.body->drain(1000));
}

TEST(http_message_body, the_owner_drains_what_a_reader_left) {
  for (const bool closed : {false, true}) {
    received r({"hel", "lonext"}, framing::sized, 5);
    r.h.keeps = true;
    if (closed) {
      EXPECT_EQ(r.b.close(), nil);
    }
    EXPECT_EQ(r.h.ended, 0);
    EXPECT_TRUE(r.body->drain(5));
    EXPECT_EQ(r.h.ended, 1);
    EXPECT_EQ(r.h.end, body_end::whole);
    EXPECT_EQ(r.unread(), "next");
  }
}

TEST(http_message_body, too_much_is_not_drained) {
  received sized({std::string(5000, 'x')}, framing::sized, 5000);
  EXPECT_FALSE(sized.body->drain(4999));
  EXPECT_EQ(sized.stream().reads, 0);
  EXPECT_EQ(sized.h.end, body_end::left);

  received chunked({"fffff\r\n" + std::string(100'000, 'x')}, framing::chunked, 0);
  EXPECT_FALSE(chunked.body->drain(10'000));
  EXPECT_EQ(chunked.h.end, body_end::left);
  EXPECT_LT(100'000 - chunked.stream().left().size(), 30'000U);

  received broken({"5\r\nhelloX"}, framing::chunked, 0);
  EXPECT_FALSE(broken.body->drain(10'000));
}

TEST(http_message_body, cut_off_from_a_reader_that_goes_on) {
  received r({"hello"}, framing::sized, 5);
  r.body->cut_off();
  char room[2];
  EXPECT_EQ(r.b.read(room).err(), http::body_read_after_close);
  EXPECT_EQ(r.h.ended, 1);
  EXPECT_EQ(r.stream().reads, 0);
}

TEST(http_message_body, is_used_for_message_after_message) {
  received r({"ab", "1\r\nc\r\n0\r\n\r\n", "de"}, framing::sized, 2);
  EXPECT_EQ(http::read_all(r.b).value(), "ab");
  r.body->start(r.in(), framing::chunked, 0, &r.h);
  EXPECT_EQ(http::read_all(r.b).value(), "c");
  r.body->start(r.in(), framing::none, 0, &r.h);
  EXPECT_EQ(http::read_all(r.b).value(), "");
  r.body->start(r.in(), framing::sized, 2, &r.h);
  r.body->cut_off();
  r.body->start(r.in(), framing::sized, 2, &r.h);
  EXPECT_EQ(http::read_all(r.b).value(), "de");
  EXPECT_EQ(r.h.ended, 4);
}

}  // namespace
