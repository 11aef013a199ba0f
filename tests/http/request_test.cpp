// SPDX-License-Identifier: MIT
#include <warren/http/base64.hpp>
#include <warren/http/host.hpp>
#include <warren/http/method.hpp>
#include <warren/http/request.hpp>
#include <warren/http/response.hpp>
#include <warren/http/response_state.hpp>
#include <warren/http/status.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include <warren/errors/panic.hpp>

namespace {

using namespace warren;

http::request form(std::string_view method, std::string_view type, http::body b) {
  http::request r = http::new_request(method, "http://h/?a=query&q=1", std::move(b)).value();
  r.header.set("Content-Type", type);
  return r;
}

TEST(http_request, nil) {
  const http::request r;
  EXPECT_TRUE(r == nil);
  EXPECT_TRUE(http::request(nil) == nil);
  EXPECT_FALSE(http::new_request("GET", "/").value() == nil);
}

TEST(http_request, new_request) {
  const auto [r, err] = http::new_request(http::method_put, "http://u:p@h:/a%2Fb?c#d", "hello");
  ASSERT_EQ(err, nil);
  EXPECT_EQ(r.method, "PUT");
  EXPECT_EQ(r.host, "h");
  EXPECT_EQ(r.url.host, "h");
  EXPECT_EQ(r.url.path, "/a/b");
  EXPECT_EQ(r.proto, "HTTP/1.1");
  EXPECT_EQ(r.content_length, 5);
  EXPECT_EQ(http::read_all(r.body).value(), "hello");
  EXPECT_EQ(r.ctx(), context::background());
  EXPECT_EQ(http::new_request("", "/").value().method, "GET");
  EXPECT_EQ(http::new_request("GET", "/").value().content_length, 0);
}

TEST(http_request, new_request_says_what_is_wrong) {
  EXPECT_EQ(http::new_request("bad method", "/").err().message(), "net/http: invalid method \"bad method\"");
  EXPECT_EQ(http::new_request("A\r\nB", "/").err().message(), "net/http: invalid method \"A\\r\\nB\"");
  EXPECT_EQ(http::new_request("GET", "http://a b/").err().message(),
            "parse \"http://a b/\": invalid character \" \" in host name");
  EXPECT_EQ(http::new_request(context(), "GET", "/").err().message(), "net/http: nil Context");
}

TEST(http_request, contexts) {
  auto [ctx, cancel] = context::with_cancel(context::background());
  const http::request r = http::new_request(ctx, "GET", "/").value();
  EXPECT_EQ(r.ctx(), ctx);
  auto [other, cancel_other] = context::with_cancel(context::background());
  const http::request copy = r.with_context(other);
  EXPECT_EQ(copy.ctx(), other);
  EXPECT_EQ(r.ctx(), ctx);
  EXPECT_THROW(r.with_context(nil), panic_error);
}

TEST(http_request, copies_have_fields_of_their_own_and_share_the_body) {
  http::request a = http::new_request("POST", "http://h/x", "hello").value();
  a.header.set("A", "1");
  a.set_path_value("id", "7");
  http::request b = a;
  b.header.set("A", "2");
  b.url.path = "/y";
  b.set_path_value("id", "8");
  EXPECT_EQ(a.header.get("A"), "1");
  EXPECT_EQ(a.url.path, "/x");
  EXPECT_EQ(a.path_value("id"), "7");
  EXPECT_EQ(b.path_value("id"), "8");
  EXPECT_EQ(a.body, b.body);
  EXPECT_EQ(http::read_all(a.body).value(), "hello");
  EXPECT_EQ(http::read_all(b.body).value(), "");
}

TEST(http_request, path_values) {
  http::request r;
  EXPECT_EQ(r.path_value("a"), "");
  r.set_path_value("a", "1");
  r.set_path_value("b", "2");
  r.set_path_value("a", "3");
  EXPECT_EQ(r.path_value("a"), "3");
  EXPECT_EQ(r.path_value("b"), "2");
  EXPECT_EQ(r.path_value("c"), "");
}

TEST(http_request, form_values) {
  constexpr std::string_view type = "application/x-www-form-urlencoded; charset=utf-8";
  http::request r = form("POST", type, "a=body&b=%20");
  EXPECT_EQ(r.form_value("a"), "body");
  EXPECT_EQ(r.form_value("b"), " ");
  EXPECT_EQ(r.form_value("q"), "1");
  EXPECT_EQ(r.form_value("x"), "");
  EXPECT_EQ(r.query("a"), "query");
  EXPECT_EQ(r.parse_form(), nil);

  EXPECT_EQ(form("GET", type, "a=body").form_value("a"), "query");
  EXPECT_EQ(form("POST", "text/plain", "a=body").form_value("a"), "query");
  EXPECT_EQ(form("PATCH", "APPLICATION/X-WWW-Form-Urlencoded", "a=body").form_value("a"), "body");
}

TEST(http_request, a_form_is_not_endless) {
  http::request r = form("POST", "application/x-www-form-urlencoded", "a=" + std::string(10 << 20, 'x'));
  const error err = r.parse_form();
  ASSERT_NE(err, nil);
  EXPECT_EQ(err.message(), "http: POST too large");
  EXPECT_EQ(r.parse_form(), err);
  EXPECT_EQ(r.form_value("a"), "query");
}

TEST(http_request, fields_with_names_of_their_own) {
  http::request r = http::new_request("GET", "/").value();
  EXPECT_EQ(r.cookie("a"), "");
  http::cookie c;
  c.name = "a";
  c.value = "1";
  r.add_cookie(c);
  r.header.set("user-agent", "me");
  r.header.set("referer", "there");
  EXPECT_EQ(r.cookie("a"), "1");
  EXPECT_EQ(r.cookies().size(), 1U);
  EXPECT_EQ(r.user_agent(), "me");
  EXPECT_EQ(r.referer(), "there");
}

TEST(http_request, basic_auth) {
  http::request r;
  EXPECT_EQ(r.basic_auth(), std::nullopt);
  r.set_basic_auth("Aladdin", "open sesame");
  EXPECT_EQ(r.header.get("Authorization"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(r.basic_auth(), (std::pair<std::string, std::string>("Aladdin", "open sesame")));
  r.header.set("Authorization", "basic YTpiOmM=");
  EXPECT_EQ(r.basic_auth(), (std::pair<std::string, std::string>("a", "b:c")));
  for (const char* bad :
       {"Basic", "Basic ", "Basic YWJj", "Basic ****", "Bearer YTpiOmM=", "Basic YTpiOmM"}) {
    r.header.set("Authorization", bad);
    EXPECT_EQ(r.basic_auth(), std::nullopt) << bad;
  }
}

TEST(http_base64, there_and_back) {
  const std::pair<std::string, std::string> cases[] = {
      {"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
      {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"\xff\xfe\xfd", "//79"},
  };
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(http::base64_encode(bytes), text);
    EXPECT_EQ(http::base64_decode(text), bytes);
  }
  for (const char* bad : {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm9\n", "Zm-_"}) {
    EXPECT_EQ(http::base64_decode(bad), std::nullopt) << bad;
  }
}

TEST(http_host, what_is_one) {
  for (const char* good :
       {"", "a", "a.b-c:80", "a:", "127.0.0.1:1", "[::1]", "[fe80::1%25en0]:80", "a_b", "a,b"}) {
    EXPECT_TRUE(http::is_valid_host(good)) << good;
    EXPECT_TRUE(http::may_become_host(good)) << good;
  }
  for (const char* bad :
       {"a b", "a/b", "a:b", "a:1:2", "[]", "[::1]a", "a[", "a]", "u@a", "a#", "a?", "\xff", "[::g]"}) {
    EXPECT_FALSE(http::is_valid_host(bad)) << bad;
    EXPECT_FALSE(http::may_become_host(bad)) << bad;
  }
  EXPECT_FALSE(http::is_valid_host("[::1"));
  EXPECT_TRUE(http::may_become_host("[::1"));
}

TEST(http_status, texts) {
  EXPECT_EQ(http::status_text(http::status_ok), "OK");
  EXPECT_EQ(http::status_text(418), "I'm a teapot");
  EXPECT_EQ(http::status_text(431), "Request Header Fields Too Large");
  EXPECT_EQ(http::status_text(0), "");
  EXPECT_EQ(http::status_text(299), "");
  EXPECT_FALSE(http::status_allows_body(100));
  EXPECT_FALSE(http::status_allows_body(204));
  EXPECT_FALSE(http::status_allows_body(304));
  EXPECT_TRUE(http::status_allows_body(200));
  EXPECT_TRUE(http::is_valid_method("M-SEARCH"));
  EXPECT_FALSE(http::is_valid_method(""));
}

TEST(http_response, parts) {
  EXPECT_TRUE(http::response() == nil);
  auto* state = new http::response_state;
  const http::response r(state);
  const http::response copy = r;
  state->status = 302;
  state->reason = "Found it";
  state->minor = 0;
  state->request = http::new_request("GET", "http://h/a/b").value();
  state->body = "text";
  EXPECT_EQ(copy.status_code(), 302);
  EXPECT_EQ(copy.status(), "302 Found it");
  EXPECT_EQ(copy.proto(), "HTTP/1.0");
  EXPECT_EQ(copy.content_length(), -1);
  EXPECT_EQ(copy.request().url.path, "/a/b");
  EXPECT_EQ(http::read_all(copy.body()).value(), "text");
  EXPECT_TRUE(copy.trailer().empty());
  state->trailer = std::make_shared<http::header>();
  state->trailer->set("X", "y");
  EXPECT_EQ(copy.trailer().get("x"), "y");
  EXPECT_EQ(r.location().err().message(), "http: no Location header in response");
  r.header().set("Location", "../c");
  EXPECT_EQ(to_string(copy.location().value()), "http://h/c");
  r.header().add("Set-Cookie", "a=b; Secure");
  ASSERT_EQ(copy.cookies().size(), 1U);
  EXPECT_TRUE(copy.cookies()[0].secure);
}

}  // namespace
