// SPDX-License-Identifier: MIT
// Gets a URL, and gives up after 100 ms.
#include <warren/warren.hpp>
using namespace warren;
using namespace std::chrono_literals;

int main(int argc, char** argv) {
  return run([=] {
    std::string url = argc > 1 ? argv[1] : "http://127.0.0.1:8000/";
    auto [ctx, cancel] = context::with_timeout(context::background(), 100ms);
    defer _ = cancel;
    auto [req, rerr] = http::new_request(http::method_get, url);
    req = req.with_context(ctx);
    http::client client;
    auto [res, err] = client.do_(req);
    if (err != nil) { println("Request failed:", err); return; }
    println("Response received, status code:", res.status_code());
  });
}
