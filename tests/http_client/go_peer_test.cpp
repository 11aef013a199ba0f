// SPDX-License-Identifier: MIT
// The client against Go's net/http server, where a Go toolchain is found: $GO, or go in the path.

#include <warren/runtime/blocking.hpp>
#include <warren/sync/wait_group.hpp>

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "fixture.hpp"

namespace {

using namespace warren;
using namespace warren::tests;
using namespace std::chrono_literals;

constexpr const char* program = R"(package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	http.HandleFunc("/hello", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "Hello") })
	http.HandleFunc("/chunks", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		for i := 0; i < 5; i++ {
			fmt.Fprintf(w, "piece %d;", i)
			w.(http.Flusher).Flush()
		}
		w.Header().Set("X-Sum", "5")
	})
	http.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Seen", fmt.Sprint(r.Method, " ", r.ContentLength, " ", r.TransferEncoding))
		io.Copy(w, r.Body)
	})
	http.HandleFunc("/count", func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, n, " ", err)
	})
	http.HandleFunc("/large", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "5000000")
		io.WriteString(w, strings.Repeat("0123456789", 500000))
	})
	http.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/echo", 307) })
	http.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-time.After(10 * time.Second):
		}
	})
	http.HandleFunc("/auth", func(w http.ResponseWriter, r *http.Request) {
		name, password, ok := r.BasicAuth()
		fmt.Fprint(w, name, " ", password, " ", ok, " ", r.UserAgent())
	})
	http.HandleFunc("/quit", func(w http.ResponseWriter, r *http.Request) { os.Exit(0) })
	fmt.Println(l.Addr())
	panic(http.Serve(l, nil))
}
)";

/// Returns: the command, empty when there is none.
std::string go_command() {
  const char* const named = std::getenv("GO");
  const std::string command = named != nullptr ? named : "go";
  return std::system((command + " version >/dev/null 2>&1").c_str()) == 0 ? command : "";
}

/// Returns: the built program, empty when there is no Go. It is built once.
const std::string& built() {
  static const std::string path = []() -> std::string {
    const std::string go = go_command();
    if (go.empty()) return {};
    char folder[] = "/tmp/warren-go-peer-XXXXXX";
    if (::mkdtemp(folder) == nullptr) return {};
    static const struct cleaner {
      std::string folder;
      ~cleaner() { std::filesystem::remove_all(folder); }
    } clean{folder};
    const std::string source = std::string(folder) + "/peer.go";
    std::ofstream(source) << program;
    const std::string made = std::string(folder) + "/peer";
    EXPECT_EQ(std::system((go + " build -o " + made + " " + source).c_str()), 0);
    return made;
  }();
  return path;
}

class go_server {
 public:
  go_server() {
    blocking([this] {
      if (built().empty()) return;
      process_ = ::popen(built().c_str(), "r");
      char line[200];
      if (process_ != nullptr && std::fgets(line, sizeof line, process_) != nullptr) address_ = line;
    });
    if (!address_.empty()) address_.pop_back();
  }
  go_server(const go_server&) = delete;
  go_server& operator=(const go_server&) = delete;
  ~go_server() {
    if (process_ == nullptr) return;
    own_client c;
    c.get(url("/quit"));
    blocking([this] { ::pclose(process_); });
  }

  bool runs() const { return !address_.empty(); }
  std::string url(std::string_view path) const { return "http://" + address_ + std::string(path); }

 private:
  std::FILE* process_ = nullptr;
  std::string address_;
};

#define SKIP_WITHOUT_GO(server) \
  if (!(server).runs()) GTEST_SKIP() << "no Go toolchain: set GO, or put go into the path"

WARREN_TEST(http_client_go_peer, bodies_both_ways) {
  go_server server;
  SKIP_WITHOUT_GO(server);
  own_client c;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(fetch(c, server.url("/hello")), "Hello");
    EXPECT_EQ(fetch(c, server.url("/large")).size(), 5'000'000U);
    auto [chunks, err] = c.get(server.url("/chunks"));
    ASSERT_EQ(err, nil) << err;
    EXPECT_EQ(read_all(chunks.body()).value(), "piece 0;piece 1;piece 2;piece 3;piece 4;");
    EXPECT_EQ(chunks.trailer().get("X-Sum"), "5");
    auto [echo, echo_err] = c.post(server.url("/echo"), "text/plain", "abc");
    ASSERT_EQ(echo_err, nil) << echo_err;
    EXPECT_EQ(echo.header().get("X-Seen"), "POST 3 []");
    EXPECT_EQ(read_all(echo.body()).value(), "abc");
    auto [large, large_err] = c.post(server.url("/count"), "text/plain", std::string(3'000'000, 'x'));
    ASSERT_EQ(large_err, nil) << large_err;
    EXPECT_EQ(read_all(large.body()).value(), "3000000 <nil>");
  }
}

WARREN_TEST(http_client_go_peer, redirects_and_credentials) {
  go_server server;
  SKIP_WITHOUT_GO(server);
  own_client c;
  auto [res, err] = c.post(server.url("/redirect"), "text/plain", "abc");
  ASSERT_EQ(err, nil) << err;
  EXPECT_EQ(read_all(res.body()).value(), "abc");
  EXPECT_EQ(to_string(res.request().url), server.url("/echo"));
  std::string with_user = server.url("/auth");
  with_user.insert(std::string_view("http://").size(), "me:secret@");
  EXPECT_EQ(fetch(c, with_user), "me secret true warren-http-client/1.1");
}

WARREN_TEST(http_client_go_peer, giving_up) {
  go_server server;
  SKIP_WITHOUT_GO(server);
  own_client c;
  auto [ctx, cancel] = context::with_timeout(context::background(), 20ms);
  auto [req, bad] = http::new_request(ctx, "GET", server.url("/slow"));
  EXPECT_EQ(c.do_(req).err().message(), "Get \"" + server.url("/slow") + "\": context deadline exceeded");
  EXPECT_EQ(fetch(c, server.url("/hello")), "Hello");
}

WARREN_TEST(http_client_go_peer, many_at_a_time) {
  go_server server;
  SKIP_WITHOUT_GO(server);
  http::transport_options o;
  o.max_idle_conns_per_host = 16;
  own_client c(o);
  sync::wait_group all;
  for (int i = 0; i < 16; ++i) {
    all.go([&] {
      for (std::int64_t n = scaled(200); n > 0; --n) EXPECT_EQ(fetch(c, server.url("/hello")), "Hello");
    });
  }
  all.wait();
}

}  // namespace
