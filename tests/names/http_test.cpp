// SPDX-License-Identifier: MIT
// The names of http, as programs write them.
#include "names.hpp"

#include <array>
#include <atomic>
#include <functional>
#include <string>
#include <tuple>
#include <vector>

#include "test.hpp"

namespace {

/// A server that is started and stopped as programs do it. At its end no connection of the shared transport is left.
struct running {
  http::server s;
  string url;
  chan<error> ended = make_chan<error>(1);

  explicit running(http::handler_func h) {
    net::listener l = net::listen("tcp", "127.0.0.1:0").value();
    url = "http://" + to_string(l.addr());
    s.handler = std::move(h);
    go([this, l] { ended.send(s.serve(l)); });
  }
  ~running() {
    http::client().close_idle();
    auto [ctx, cancel] = context::with_timeout(context::background(), 5s);
    defer _ = cancel;
    EXPECT_EQ(s.shutdown(ctx), nil);
    EXPECT_EQ(ended.recv(), http::server_closed);
  }
};

WARREN_TEST(names, of_http_the_seed_server_and_client) {
  running answers([](http::response_writer& w, http::request& r) {
    context ctx = r.ctx();
    select(
        recv(time_after(10ms), [&] { w.write("request processed"); }),
        recv(ctx.done(), [] { eprintln("request cancelled"); }));
  });
  auto [ctx, cancel] = context::with_timeout(context::background(), 5s);
  defer _ = cancel;
  auto [req, rerr] = http::new_request(http::method_get, answers.url);
  req = req.with_context(ctx);
  http::client client;
  auto [res, err] = client.do_(req);
  ASSERT_TRUE(err == nil) << err;
  EXPECT_EQ(res.status_code(), 200);
  EXPECT_EQ(res.status(), "200 OK");
  EXPECT_EQ(http::read_all(res.body()).value(), "request processed");
  EXPECT_EQ(rerr, nil);
}

WARREN_TEST(names, of_http_the_seed_client_gives_up) {
  running slow([](http::response_writer& w, http::request& r) {
    select(recv(time_after(10s), [&] { w.write("late"); }), recv(r.ctx().done()));
  });
  auto [ctx, cancel] = context::with_timeout(context::background(), 50ms);
  defer _ = cancel;
  auto [req, rerr] = http::new_request(ctx, http::method_get, slow.url + "/");
  ASSERT_TRUE(rerr == nil);
  http::client client;
  auto [res, err] = client.do_(req);
  EXPECT_TRUE(res == nil);
  EXPECT_EQ(err.message(), "Get \"" + slow.url + "/\": context deadline exceeded");
  EXPECT_TRUE(errors::is(err, context::deadline_exceeded));
  EXPECT_TRUE(errors::is_timeout(err));
}

WARREN_TEST(names, of_http_the_fields_of_a_server) {
  http::server s;
  s.addr = "127.0.0.1:0";
  s.handler = nil;
  s.handler = [](http::response_writer& w, http::request&) { w.write("hello"); };
  s.read_header_timeout = 5s;
  s.read_timeout = 10s;
  s.write_timeout = 10s;
  s.idle_timeout = 1min;
  s.max_header_bytes = 1 << 16;
  auto [l, err] = net::listen("tcp", s.addr);
  ASSERT_TRUE(err == nil);
  go(&http::server::serve, &s, l);
  auto [res, gerr] = http::get("http://" + to_string(l.addr()));
  ASSERT_TRUE(gerr == nil) << gerr;
  auto [text, rerr] = http::read_all(res.body());
  EXPECT_EQ(text, "hello");
  http::transport::shared().close_idle();
  EXPECT_EQ(s.shutdown(context::background()), nil);
  EXPECT_TRUE(s.serve(l) == http::server_closed);
  EXPECT_EQ(s.close(), nil);
}

WARREN_TEST(names, of_http_a_mux_and_what_handlers_say) {
  http::serve_mux mux;
  mux.handle("GET /items/{id}", [](http::response_writer& w, http::request& r) { w.write(r.path_value("id")); });
  mux.handle("/files/{rest...}", [](http::response_writer& w, const http::request& r) {
    w.header().set("X-Rest", r.path_value("rest"));
    w.write_header(http::status_created);
  });
  mux.handle("/{$}", [](auto& w, auto& r) { w.write(r.query("name") + "!" + r.form_value("name")); });
  mux.handle("/bad", [](http::response_writer& w, http::request&) { http::error(w, "x", 400); });
  mux.handle("/moved", [](http::response_writer& w, http::request& r) {
    http::redirect(w, r, "/items/7", http::status_found);
  });
  mux.handle("/none", [](http::response_writer& w, http::request& r) { http::not_found(w, r); });
  mux.handle("/none2", http::not_found);
  mux.handle("POST /echo", [](http::response_writer& w, http::request& r) {
    auto [text, err] = http::read_all(r.body);
    if (err != nil) {
      http::error(w, err.message(), http::status_bad_request);
      return;
    }
    auto [n, werr] = w.write(text);
    EXPECT_EQ(n, text.size());
    EXPECT_EQ(w.flush(), nil);
  });
  mux.handle("/cookie", [](http::response_writer& w, http::request& r) { w.write(r.cookie("session")); });
  mux.handle("/slow", http::timeout_handler(
                          [](http::response_writer&, http::request& r) { r.ctx().done().recv(); }, 5ms));
  mux.handle("/small", http::max_bytes(
                           [](http::response_writer& w, http::request& r) {
                             auto [text, err] = http::read_all(r.body);
                             if (err != nil) http::error(w, err.message(), http::status_request_entity_too_large);
                           },
                           4));
  running site(mux);

  auto text_of = [&](string path) {
    auto [res, err] = http::get(site.url + path);
    if (err != nil) return err.message();
    defer _ = [&res = res] { res.body().close(); };
    return to_string(res.status_code()) + " " + http::read_all(res.body()).value();
  };
  EXPECT_EQ(text_of("/items/5"), "200 5");
  EXPECT_EQ(text_of("/?name=n"), "200 n!n");
  EXPECT_EQ(text_of("/bad"), "400 x\n");
  EXPECT_EQ(text_of("/moved"), "200 7");
  EXPECT_EQ(text_of("/none"), "404 404 page not found\n");
  EXPECT_EQ(text_of("/none2"), "404 404 page not found\n");
  EXPECT_EQ(text_of("/nowhere"), "404 404 page not found\n");
  EXPECT_EQ(text_of("/slow").substr(0, 4), "503 ");

  http::client c;
  c.timeout = 3s;
  auto [res, err] = c.get(site.url + "/files/a/b");
  ASSERT_TRUE(err == nil) << err;
  EXPECT_EQ(res.status_code(), http::status_created);
  EXPECT_EQ(res.header().get("x-rest"), "a/b");
  EXPECT_EQ(res.content_length(), 0);
  tie(res, err) = c.post(site.url + "/echo", "text/plain", "a literal");
  EXPECT_EQ(http::read_all(res.body()).value(), "a literal");
  tie(res, err) = c.post(site.url + "/echo", "text/plain", string("a string"));
  EXPECT_EQ(http::read_all(res.body()).value(), "a string");
  tie(res, err) = c.post(site.url + "/small", "text/plain", "12345");
  EXPECT_EQ(res.status_code(), 413);
  EXPECT_EQ(http::status_text(413), "Request Entity Too Large");
  c.close_idle();

  http::request req;
  tie(req, err) = http::new_request("GET", site.url + "/cookie");
  req.header.set("Cookie", "session=abc");
  tie(res, err) = c.do_(req);
  EXPECT_EQ(http::read_all(res.body()).value(), "abc");
  tie(req, err) = http::new_request("POST", site.url + "/echo", "with a body");
  req.header.add("X-More", "1");
  tie(res, err) = c.do_(req);
  EXPECT_EQ(http::read_all(res.body()).value(), "with a body");
  tie(req, err) = http::new_request(context::background(), http::method_post, site.url + "/echo", string("another"));
  tie(res, err) = c.do_(std::move(req));
  EXPECT_EQ(http::read_all(res.body()).value(), "another");
}

WARREN_TEST(names, of_http_responses_are_read_in_pieces) {
  running site([](http::response_writer& w, http::request&) {
    w.header().set("Content-Type", "text/plain");
    w.header().add("X-Many", "1");
    w.header().add("x-many", "2");
    w.write("0123456789");
  });
  http::response res = http::get(site.url).value();
  vector<string> many = res.header().values("X-MANY");
  EXPECT_EQ(many, (vector<string>{"1", "2"}));
  map<string, string> fields;
  for (auto& [k, v] : res.header()) fields[string(k)] = v;
  for (auto [k, v] : res.header()) EXPECT_FALSE(k.empty() || v.empty());
  for (const auto& [k, v] : res.header()) EXPECT_TRUE(res.header().has(k));
  EXPECT_EQ(fields["Content-Type"], "text/plain");
  char buf[4];
  string all;
  for (;;) {
    auto [n, err] = res.body().read(buf);
    all.append(buf, n);
    if (err == net::eof) break;
    ASSERT_EQ(err, nil);
  }
  EXPECT_EQ(all, "0123456789");
  EXPECT_EQ(res.body().close(), nil);

  http::response shared = res;
  EXPECT_TRUE(shared == res && shared != nil);
  shared = nil;
  EXPECT_TRUE(shared == nil && nil == shared);
  string text(16, ' ');
  array<char, 16> fixed;
  vector<char> grown(16);
  http::body b = http::get(site.url).value().body();
  EXPECT_NE(b, nil);
  size_t n = b.read(text).value();
  n += b.read(fixed).value();
  n += b.read(grown).value();
  EXPECT_EQ(n, 10u);
}

WARREN_TEST(names, of_http_goroutines_share_a_client_and_requests_by_value) {
  running site([](http::response_writer& w, http::request& r) { w.write(r.method + " " + r.url.path); });
  http::client c;
  c.timeout = 10s;
  auto results = make_chan<string>();
  http::request req = http::new_request("GET", site.url + "/shared").value();
  for (int i = 0; i < 4; ++i) {
    go([=] {
      auto [res, err] = c.do_(req);
      results.send(err != nil ? err.message() : http::read_all(res.body()).value());
    });
  }
  for (int i = 0; i < 4; ++i) EXPECT_EQ(results.recv(), "GET /shared");
  errgroup::group g;
  g.go([&]() -> error {
    auto [res, err] = c.get(site.url + "/group");
    if (err != nil) return err;
    auto [text, rerr] = http::read_all(res.body());
    return rerr;
  });
  EXPECT_EQ(g.wait(), nil);
  c.close_idle();
}

WARREN_TEST(names, of_http_requests_and_urls) {
  auto [req, err] = http::new_request("BAD METHOD", "http://host/");
  EXPECT_EQ(err.message(), "net/http: invalid method \"BAD METHOD\"");
  http::request none = nil;
  EXPECT_TRUE(none == nil && nil == none);
  http::request r = http::new_request("PUT", "http://host:81/a%20b?q=1&r=2#f", "text").value();
  EXPECT_TRUE(r != nil);
  EXPECT_EQ(r.method, http::method_put);
  EXPECT_EQ(r.url.scheme, "http");
  EXPECT_EQ(r.url.host, "host:81");
  EXPECT_EQ(r.url.path, "/a b");
  EXPECT_EQ(r.url.raw_query, "q=1&r=2");
  EXPECT_EQ(r.url.fragment, "f");
  EXPECT_EQ(r.query("r"), "2");
  EXPECT_EQ(r.content_length, 4);
  EXPECT_EQ(r.host, "host:81");
  EXPECT_EQ(r.proto, "HTTP/1.1");
  EXPECT_FALSE(r.close);
  EXPECT_TRUE(r.remote_addr.empty());
  EXPECT_EQ(r.ctx().err(), nil);
  auto [ctx, cancel] = context::with_cancel(context::background());
  http::request with = r.with_context(ctx);
  cancel();
  EXPECT_TRUE(errors::is(with.ctx().err(), context::canceled));
  EXPECT_EQ(r.ctx().err(), nil);

  auto [u, uerr] = http::url::parse("https://example.com/path?x=y");
  EXPECT_EQ(uerr, nil);
  EXPECT_EQ(to_string(u), "https://example.com/path?x=y");
  http::url copy = u;
  copy.path = "/other";
  EXPECT_EQ(to_string(copy), "https://example.com/other?x=y");
  ostringstream out;
  out << copy;
  EXPECT_EQ(out.str(), to_string(copy));
  println("a url:", copy);
  auto [bad, berr] = http::url::parse("http://[::1");
  EXPECT_EQ(berr.message(), "parse \"http://[::1\": missing ']' in host");
}

WARREN_TEST(names, of_http_the_default_mux) {
  static atomic<int> run_number{0};
  string path = "/of_names/" + to_string(++run_number);
  http::handle("GET " + path + "/items/{id}",
               [](http::response_writer& w, http::request& r) { w.write(r.path_value("id")); });
  http::handle_func(path + "/two", [](http::response_writer& w, http::request&) { w.write("two"); });
  running site(nil);
  EXPECT_EQ(http::read_all(http::get(site.url + path + "/items/9").value().body()).value(), "9");
  EXPECT_EQ(http::read_all(http::get(site.url + path + "/two").value().body()).value(), "two");
  error err = http::listen_and_serve("256.0.0.1:x", nil);
  EXPECT_TRUE(err != nil);
}

WARREN_TEST(names, of_http_a_connection_is_hijacked) {
  running site([](http::response_writer& w, http::request&) {
    auto [conn, err] = w.hijack();
    if (err != nil) return;
    conn.set_deadline(clock::now() + 1s);
    conn.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi");
    conn.close();
  });
  EXPECT_EQ(http::read_all(http::get(site.url).value().body()).value(), "hi");
}

error handle_one(net::conn c) {
  char buf[128];
  auto [n, err] = c.read(buf);
  if (err != nil) return errors::wrap("read", err);
  c.write("HTTP/1.0 200 OK\r\n\r\n" + string(buf, 3));
  return c.close();
}

WARREN_TEST(names, of_http_beside_a_server_by_hand) {
  auto l = net::listen("tcp", "127.0.0.1:0").value();
  auto failed = make_chan<error>(1);
  go([=] { failed << handle_one(l.accept().value()); });
  auto res = http::get("http://" + to_string(l.addr())).value();
  EXPECT_EQ(read_all(res.body()).value(), "GET");
  EXPECT_EQ(failed.recv(), nil);
}

void greet(http::response_writer& w, http::request& r) { w.write("hello, " + r.query("who")); }

struct counting {
  shared_ptr<atomic<int>> calls = make_shared<atomic<int>>(0);
  void operator()(http::response_writer& w, const http::request&) const { w.write(to_string(++*calls)); }
};

http::handler_func logged(http::handler_func next) {
  return [next](http::response_writer& w, http::request& r) {
    w.header().set("X-Path", r.url.path);
    next(w, r);
  };
}

WARREN_TEST(names, of_http_every_kind_of_handler) {
  http::serve_mux mux;
  counting c;
  mux.handle("/greet", greet);
  mux.handle("/greet2", &greet);
  mux.handle_func("/count", c);
  mux.handle("/logged", logged(greet));
  mux.handle("/by_value", [](http::response_writer& w, http::request r) { w.write(r.host.empty() ? "" : "host"); });
  mux.handle("/files/", http::file_server("."));
  mux.handle("/inner/", http::serve_mux());
  mux.handle("/goes_on", [](http::response_writer& w, http::request& r) {
    auto done = make_chan<string>();
    go([=] { done.send(r.method); });
    w.write(done.recv());
  });
  running site([=](auto& w, auto& r) { mux(w, r); });
  auto text_of = [&](string path) { return http::read_all(http::get(site.url + path).value().body()).value(); };
  EXPECT_EQ(text_of("/greet?who=you"), "hello, you");
  EXPECT_EQ(text_of("/greet2?who=me"), "hello, me");
  EXPECT_EQ(text_of("/count"), "1");
  EXPECT_EQ(text_of("/count"), "2");
  EXPECT_EQ(text_of("/logged"), "hello, ");
  EXPECT_EQ(text_of("/by_value"), "host");
  EXPECT_EQ(text_of("/inner/x"), "404 page not found\n");
  EXPECT_EQ(text_of("/goes_on"), "GET");
  EXPECT_EQ(http::get(site.url + "/files/no such file").value().status_code(), http::status_not_found);
}

WARREN_TEST(names, of_http_bodies) {
  running site([](http::response_writer& w, http::request& r) { w.write(http::read_all(r.body).value()); });
  http::client c;
  defer _ = [&] { c.close_idle(); };
  const char* pointer = "pointer";
  const char letters[] = "letters";
  string text = "text";
  string_view view = text;
  auto sent = [&](http::body b) { return http::read_all(c.post(site.url, "text/plain", b).value().body()).value(); };
  EXPECT_EQ(sent(pointer) + sent(letters) + sent(text) + sent(view) + sent(nil) + sent({}), "pointerletterstexttext");
  EXPECT_EQ(http::read_all(c.post(site.url, "text/plain", text).value().body()).value(), "text");
  EXPECT_EQ(http::read_all(c.post(site.url, "text/plain", nil).value().body()).value(), "");
  http::request req = http::new_request(http::method_put, site.url, nil).value();
  req.body = "assigned";
  req.body = text;
  req.content_length = 4;
  http::response res;
  error err;
  tie(res, err) = c.do_(req);
  ASSERT_TRUE(err == nil) << err;
  EXPECT_EQ(http::read_all(res.body()).value(), "text");
  EXPECT_TRUE(http::body() == nil && nil == http::body());
}

WARREN_TEST(names, of_http_a_handler_waits_for_its_client) {
  auto gone = make_chan<error>(1);
  running site([=](http::response_writer& w, http::request& r) {
    w.write_header(200);
    w.flush();
    r.ctx().done().recv();
    gone << r.ctx().err();
  });
  auto [ctx, cancel] = context::with_cancel(context::background());
  auto [req, err] = http::new_request(ctx, "GET", site.url);
  go([c = http::client(), req] { c.do_(req); });
  sleep(20ms);
  cancel();
  EXPECT_EQ(gone.recv(), context::canceled);
}

// Options that the page names, and those that a program would set beside them.
WARREN_TEST(names, of_http_a_client_and_its_transport) {
  running site([](http::response_writer& w, http::request&) { w.write("ok"); });
  http::client c{.timeout = 3s};
  c.max_redirects = 2;
  http::transport_options limits;
  limits.max_idle_conns = 10;
  limits.max_idle_conns_per_host = 4;
  limits.max_conns_per_host = 8;
  limits.idle_conn_timeout = 30s;
  limits.response_header_timeout = 1s;
  limits.dial = [](context ctx, string_view network, string_view address) { return net::dial(ctx, network, address); };
  c.transport = http::transport(limits);
  c.transport = http::transport({.max_conns_per_host = 2});
  EXPECT_EQ(http::read_all(c.get(site.url).value().body()).value(), "ok");
  c.close_idle();
  http::client none;
  EXPECT_EQ(none.transport, nil);
}

}  // namespace
