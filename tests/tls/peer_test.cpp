// SPDX-License-Identifier: MIT
// Other people's programs as peers, where they are installed.
#include <warren/runtime/blocking.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/run.hpp>
#include <warren/sync/wait_group.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sessions.hpp"

#include "../runtime/waiting.hpp"
#include "../test.hpp"

namespace {

using namespace warren;
using namespace warren::tests;

bool is_installed(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
}

/// What the command printed on both streams.
std::string output_of(const std::string& command) {
  return blocking([&] {
    std::string all;
    std::FILE* f = ::popen((command + " 2>&1").c_str(), "r");
    char room[4096];
    for (std::size_t n; (n = std::fread(room, 1, sizeof room, f)) > 0;) all.append(room, n);
    ::pclose(f);
    return all;
  });
}

/// Answers each connection's first words with `hello over TLS`, as HTTP.
class greeter {
 public:
  static constexpr std::string_view answer =
      "HTTP/1.1 200 OK\r\nContent-Length: 14\r\nConnection: close\r\n\r\nhello over TLS";

  greeter() : listener_(http::tls_listener(net::listen("tcp", "127.0.0.1:0").value(), server_config())) {
    served_.go([this] {
      while (serve_one()) {
      }
    });
  }
  ~greeter() {
    listener_.close();
    served_.wait();
  }

  std::string port() const {
    const std::string all = to_string(listener_.addr());
    return all.substr(all.rfind(':') + 1);
  }

 private:
  bool serve_one() {
    auto [c, err] = listener_.accept();
    if (err != nil) return false;
    served_.go([c = c] {
      char room[4096];
      if (c.read(room).err() != nil) return;
      c.write(answer);
      c.close();
    });
    return true;
  }

  net::listener listener_;
  sync::wait_group served_;
};

TEST(tls_peer, curl_talks_to_our_server) {
  if (!is_installed("curl")) GTEST_SKIP() << "curl is not installed";
  const temporary_file roots("roots.pem", the_authority().certificate());
  run([&] {
    const greeter server;
    const std::string curl = "curl -sS --max-time 10 --http1.1 ";
    const std::string url = " https://localhost:" + server.port() + "/";
    EXPECT_EQ(output_of(curl + "--cacert " + roots.path() + url), "hello over TLS");
    EXPECT_EQ(output_of(curl + "--tls-max 1.2 --cacert " + roots.path() + url), "hello over TLS");
    EXPECT_EQ(output_of(curl + "--tlsv1.3 --cacert " + roots.path() + url), "hello over TLS");
    EXPECT_NE(output_of(curl + url).find("SSL certificate problem"), std::string::npos);
  });
}

TEST(tls_peer, openssl_talks_to_our_server) {
  if (!is_installed("openssl")) GTEST_SKIP() << "openssl is not installed";
  const temporary_file roots("roots.pem", the_authority().certificate());
  run([&] {
    const greeter server;
    for (const char* version : {"-tls1_2", "-tls1_3"}) {
      const std::string said = output_of("printf 'hi\\n' | timeout 10 openssl s_client -quiet -verify_return_error " +
                                         std::string(version) + " -CAfile " + roots.path() +
                                         " -verify_hostname localhost -connect 127.0.0.1:" + server.port());
      EXPECT_NE(said.find("hello over TLS"), std::string::npos) << said;
    }
    const std::string old = output_of("timeout 10 openssl s_client -tls1_1 -cipher ALL:@SECLEVEL=0 -connect 127.0.0.1:" +
                                      server.port() + " </dev/null");
    EXPECT_NE(old.find("alert protocol version"), std::string::npos) << old;
  });
}

TEST(tls_peer, our_client_talks_to_openssl) {
  if (!is_installed("openssl")) GTEST_SKIP() << "openssl is not installed";
  const pem_pair pair = the_authority().issue();
  const temporary_file both("both.pem", pair.certificate + pair.key);
  run([&] {
    const std::string port = [] {
      auto [free, err] = net::listen("tcp", "127.0.0.1:0");
      const std::string all = to_string(free.addr());
      free.close();
      return all.substr(all.rfind(':') + 1);
    }();
    sync::wait_group wg;
    wg.go([&] {
      output_of("timeout 10 openssl s_server -www -naccept 2 -accept 127.0.0.1:" + port + " -cert " + both.path());
    });
    for (const auto& config : {client_config(), client_config("127.0.0.1")}) {
      net::conn below;
      ASSERT_TRUE(eventually([&] {
        below = net::dial("tcp", "127.0.0.1:" + port).value();
        return below != nil;
      }, 8s));
      auto [c, err] = http::tls_client(context::background(), below, config);
      ASSERT_EQ(err, nil) << err;
      EXPECT_EQ(c.write("GET / HTTP/1.0\r\n\r\n").err(), nil);
      const auto [page, end] = read_to_end(c);
      EXPECT_NE(page.find("HTTP/1.0 200 ok"), std::string::npos) << page;
      EXPECT_TRUE(end == net::eof || end == net::unexpected_eof) << end;
    }
    wg.wait();
  });
}

// --- Go

/// Go's peer, built once; null when Go is not installed.
const char* go_peer() {
  static const temporary_file place("go_peer", "");
  static const bool built = [] {
    const std::string go = "GOTOOLCHAIN=local GOFLAGS= GO111MODULE=off go build -o ";
    return is_installed("go") && std::system((go + place.path() + " " + WARREN_GO_PEER).c_str()) == 0;
  }();
  return built ? place.path().c_str() : nullptr;
}

TEST(tls_peer, go_talks_to_our_server) {
  if (!is_installed("go")) GTEST_SKIP() << "go is not installed";
  ASSERT_NE(go_peer(), nullptr);
  const temporary_file roots("roots.pem", the_authority().certificate());
  run([&] {
    const greeter server;
    const std::string said = output_of("timeout 20 " + std::string(go_peer()) + " client " + roots.path() +
                                       " 127.0.0.1:" + server.port());
    const std::string bytes = std::to_string(greeter::answer.size());
    EXPECT_EQ(said, bytes + " <nil> http/1.1\n" + bytes + " <nil> http/1.1\n" +
                        "tls: failed to verify certificate: x509: certificate is valid for localhost, not elsewhere\n"
                        "tls: failed to verify certificate: x509: certificate signed by unknown authority\n");
  });
}

TEST(tls_peer, our_client_talks_to_go) {
  if (!is_installed("go")) GTEST_SKIP() << "go is not installed";
  ASSERT_NE(go_peer(), nullptr);
  const pem_pair pair = the_authority().issue();
  const temporary_file both("both.pem", pair.certificate + pair.key);
  const temporary_file roots("roots.pem", the_authority().certificate());
  std::FILE* peer = ::popen(("timeout 20 " + std::string(go_peer()) + " server " + roots.path() + " " + both.path() + " 3")
                                .c_str(), "r");
  char line[256] = "";
  ASSERT_NE(std::fgets(line, sizeof line, peer), nullptr);
  const std::string address(line, std::string_view(line).find('\n'));
  const std::string text(1 << 20, 'z');
  run([&] {
    for (int i = 0; i < 3; ++i) {
      auto [below, derr] = net::dial("tcp", address);
      ASSERT_EQ(derr, nil) << derr;
      auto [c, err] = http::tls_client(context::background(), below, client_config());
      ASSERT_EQ(err, nil) << err;
      sync::wait_group wg;
      wg.go([&, c = c] {
        EXPECT_EQ(c.write(text).err(), nil);
        EXPECT_EQ(c.close_write(), nil);
      });
      const auto [back, end] = read_to_end(c);
      EXPECT_TRUE(back == text);
      EXPECT_EQ(end, net::eof) << end;
      wg.wait();
    }
  });
  for (int i = 0; i < 3; ++i) {
    ASSERT_NE(std::fgets(line, sizeof line, peer), nullptr);
    EXPECT_EQ(std::string(line), std::to_string(text.size()) + " <nil>\n");
  }
  ::pclose(peer);
}

}  // namespace
