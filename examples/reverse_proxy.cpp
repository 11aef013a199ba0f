// SPDX-License-Identifier: MIT
// reverse_proxy UPSTREAM [ADDRESS]: passes requests on to the server at a URL, and its answers back, as streams. A
// client that goes away ends the request to the server as well: both have the same context.
#include <warren/warren.hpp>

#include <array>
using namespace warren;

// Fields that are about one connection only, those that the Connection field names among them.
void drop_connection_fields(http::header& h) {
  for (const std::string& list : h.values("Connection")) {
    std::string name;
    for (char c : list + ",") {
      if (c != ',') {
        if (c != ' ') name += c;
        continue;
      }
      h.del(name);
      name.clear();
    }
  }
  for (const char* name : {"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection",
                           "Te", "Trailer", "Transfer-Encoding", "Upgrade"}) {
    h.del(name);
  }
}

http::request outgoing(const http::request& r, const http::url& upstream) {
  http::request out = r;
  out.url.scheme = upstream.scheme;
  out.url.host = upstream.host;
  out.host = upstream.host;
  out.close = false;
  drop_connection_fields(out.header);
  std::string before = r.header.get("X-Forwarded-For");
  std::string client = net::split_host_port(r.remote_addr).value().host;
  out.header.set("X-Forwarded-For", before.empty() ? client : before + ", " + client);
  out.header.set("X-Forwarded-Host", r.host);
  return out;
}

// Each piece goes on as soon as it comes.
error copy(http::response_writer& w, const http::body& from) {
  std::array<char, 16384> buffer;
  for (;;) {
    auto [n, err] = from.read(buffer);
    if (n > 0) {
      if (error failed = w.write({buffer.data(), n}).err(); failed != nil) return failed;
      if (error failed = w.flush(); failed != nil) return failed;
    }
    if (err == net::eof) return nil;
    if (err != nil) return err;
  }
}

struct proxy {
  http::url upstream;
  http::transport transport = http::transport::shared();

  void operator()(http::response_writer& w, http::request& r) const {
    auto [res, err] = transport.round_trip(outgoing(r, upstream));
    if (err != nil) {
      eprintln("proxy:", err);
      http::error(w, http::status_text(http::status_bad_gateway), http::status_bad_gateway);
      return;
    }
    drop_connection_fields(res.header());
    for (auto& [name, value] : res.header()) w.header().add(name, value);
    w.write_header(res.status_code());
    // The client must not take half an answer for a whole one.
    if (copy(w, res.body()) != nil) panic(http::abort_handler);
  }
};

int main(int argc, char** argv) {
  return run([=] {
    auto [upstream, err] = http::url::parse(argc > 1 ? argv[1] : "http://127.0.0.1:8000");
    net::listener l;
    if (err == nil) std::tie(l, err) = net::listen("tcp", argc > 2 ? argv[2] : ":8080");
    if (err == nil) {
      eprintln("listening on", l.addr());
      err = http::serve(l, proxy{upstream});
    }
    eprintln(err);
    return 1;
  });
}
