// SPDX-License-Identifier: MIT
// The names of the errors floor, written bare among the headers whose names come closest.
#include <gtest/gtest.h>
#include <netdb.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <warren/errors/panic.hpp>
#include <warren/errors/result.hpp>

#include <iostream>
#include <sstream>
#include <thread>

using namespace warren;
using namespace std;

namespace {

struct own final : errors::base {
  string message() const override { return "own"; }
  error unwrap() const override { return nil; }
  bool is(error target) const override { return target == nil; }
  bool is_timeout() const override { return true; }
};

constexpr errors::sentinel closed_object{"closed"};
constexpr error closed{closed_object};

result<string> read(bool works) {
  if (!works) return {string{}, errors::wrap("read", closed)};
  return {"data", nil};
}

TEST(names, of_errors_need_no_qualifier) {
  error err = errors::make("text");
  EXPECT_EQ(to_string(err), "text");
  EXPECT_EQ(to_string(nil), "<nil>");
  EXPECT_EQ(to_string(5), "5") << "the standard's own is still there";
  ostringstream out;
  out << err << ' ' << error();
  EXPECT_EQ(out.str(), "text <nil>");
  err = own{};
  EXPECT_NE(errors::as<own>(err), nullptr);
  err = errors::from(make_error_code(errc::timed_out));
  EXPECT_NE(errors::as<error_code>(err), nullptr);
  EXPECT_TRUE(errors::is_timeout(errors::join(err, nil)));
  EXPECT_TRUE(errors::unwrap(err) == nil);
  EXPECT_EQ(hash<error>()(err), hash<error>()(error(err)));
}

TEST(names, of_result_and_panic_need_no_qualifier) {
  auto [text, err] = read(true);
  EXPECT_TRUE(err == nil);
  tie(text, err) = read(false);
  EXPECT_TRUE(errors::is(err, closed));
  EXPECT_THROW(panic("text"), panic_error);
  EXPECT_THROW(panic(err), panic_error);
  EXPECT_THROW(panic(nil), panic_error);
  EXPECT_THROW(panic(1), int);
}

}  // namespace
