// SPDX-License-Identifier: MIT
// The cases follow those of Go's net/http (serve_test: TestTimeoutHandler…).
#include <warren/channels/channel.hpp>
#include <warren/channels/select.hpp>
#include <warren/errors/panic.hpp>
#include <warren/http/response_writer.hpp>
#include <warren/http/timeout_handler.hpp>
#include <warren/runtime/go.hpp>
#include <warren/time/sleep.hpp>

#include <stdexcept>
#include <string>

#include "../test.hpp"
#include "call.hpp"

namespace {

using namespace warren;
using namespace std::chrono_literals;
using tests::answer;
using tests::call;
using tests::get;
using tests::request_for;

constexpr auto never = 1h;

WARREN_TEST(timeout_handler, InTime) {
  const answer a = get(http::timeout_handler(
                           [](http::response_writer& w, http::request&) {
                             w.header().set("X-Own", "1");
                             w.header().add("X-Two", "a");
                             w.header().add("X-Two", "b");
                             w.write_header(201);
                             w.write("one ");
                             w.write("two");
                           },
                           never),
                       "/");
  EXPECT_EQ(a.status, 201);
  EXPECT_EQ(a.body, "one two");
  EXPECT_EQ(a.field("X-Own"), "1");
  EXPECT_EQ(a.header.values("X-Two"), (std::vector<std::string>{"a", "b"}));
}

WARREN_TEST(timeout_handler, NothingWritten) {
  const answer a = get(http::timeout_handler([](http::response_writer&, http::request&) {}, never), "/");
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.body, "");
}

WARREN_TEST(timeout_handler, TooLate) {
  auto wrote = make_chan<error>(1);
  const answer a = get(http::timeout_handler(
                           [wrote](http::response_writer& w, http::request& r) {
                             w.header().set("X-Own", "1");
                             w.write("early");
                             r.ctx().done().recv();
                             error err;
                             while (err == nil) {  // until the answer has been given
                               err = w.write("late").err();
                               sleep(1ms);
                             }
                             wrote.send(err);
                           },
                           20ms),
                       "/");
  EXPECT_EQ(a.status, 503);
  EXPECT_EQ(a.body, "<html><head><title>Timeout</title></head><body><h1>Timeout</h1></body></html>");
  EXPECT_FALSE(a.header.has("X-Own"));
  EXPECT_EQ(wrote.recv(), http::handler_timeout);
  EXPECT_EQ(http::handler_timeout.message(), "http: Handler timeout");
}

WARREN_TEST(timeout_handler, OwnText) {
  auto ended = make_chan<void>();
  const answer a = get(http::timeout_handler(
                           [ended](http::response_writer&, http::request& r) {
                             r.ctx().done().recv();
                             ended.send();
                           },
                           1ms, "too slow"),
                       "/");
  EXPECT_EQ(a.status, 503);
  EXPECT_EQ(a.body, "too slow");
  ended.recv();
}

WARREN_TEST(timeout_handler, ContextCanceled) {
  auto [ctx, cancel] = context::with_cancel(context::background());
  auto wrote = make_chan<error>(1);
  const auto h = http::timeout_handler(
      [wrote, stop = cancel](http::response_writer& w, http::request& r) {
        stop();
        r.ctx().done().recv();
        error err;
        while (err == nil) {
          err = w.write("late").err();
          sleep(1ms);
        }
        wrote.send(err);
      },
      never);
  const answer a = call(h, request_for("GET", "/").with_context(ctx));
  EXPECT_EQ(a.status, 503);
  EXPECT_EQ(a.body, "");
  EXPECT_EQ(wrote.recv(), context::canceled);
}

WARREN_TEST(timeout_handler, ExceptionsComeThrough) {
  const auto h = http::timeout_handler(
      [](http::response_writer&, http::request&) { throw std::logic_error("intentional"); }, never);
  try {
    get(h, "/");
    ADD_FAILURE() << "no exception";
  } catch (const std::logic_error& e) {
    EXPECT_STREQ(e.what(), "intentional");
  }
}

WARREN_TEST(timeout_handler, AfterGoexitTheTimeIsWaitedFor) {
  const auto h = http::timeout_handler([](http::response_writer&, http::request&) { goexit(); }, 5ms);
  EXPECT_EQ(get(h, "/").status, 503);
}

WARREN_TEST(timeout_handler, WhatAWriterWithoutConnectionSays) {
  get(http::timeout_handler(
          [](http::response_writer& w, http::request&) {
            EXPECT_EQ(w.flush(), http::not_supported);
            EXPECT_EQ(w.hijack().err(), http::not_supported);
            EXPECT_EQ(w.set_read_deadline({}), http::not_supported);
            EXPECT_EQ(w.set_write_deadline({}), http::not_supported);
          },
          never),
      "/");
}

WARREN_TEST(timeout_handler, Statuses) {
  const auto h = http::timeout_handler(
      [](http::response_writer& w, http::request&) {
        w.write_header(103);
        w.write_header(404);
        w.write_header(200);
        EXPECT_THROW(w.write_header(99), panic_error);
        EXPECT_THROW(w.write_header(1000), panic_error);
      },
      never);
  EXPECT_EQ(get(h, "/").status, 404);
}

// Whoever comes first, the handler or the time: one whole answer.
WARREN_TEST(timeout_handler, Race) {
  const auto h = http::timeout_handler(
      [](http::response_writer& w, http::request&) {
        sleep(200us);
        w.write_header(201);
        w.write("done");
      },
      200us, "late");
  for (std::int64_t i = 0; i < tests::scaled(500); ++i) {
    const answer a = get(h, "/");
    ASSERT_TRUE((a.status == 201 && a.body == "done") || (a.status == 503 && a.body == "late"))
        << a.status << ' ' << a.body;
  }
}

}  // namespace
