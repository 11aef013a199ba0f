// SPDX-License-Identifier: MIT
#include "seeds.hpp"

#include <cstddef>

#include "../http/request_cases.hpp"

namespace warren::fuzz {

std::vector<std::string> seeds() {
  constexpr std::size_t longest = 4096;
  std::vector<std::string> all = {
      "",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: a=b; Path=/\r\n\r\nhello",
      "HTTP/1.0 404 Not Found\r\nConnection: keep-alive\r\n\r\n",
      "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n",
      "5\r\nhello\r\n0\r\n\r\n",
      "5;a=b;c=\"d\\\"\"\r\nhello\r\na\r\n0123456789\r\n0;x\r\nA: b\r\nC: d\r\n\r\n",
      "1\r\nZ\r\n1\r\nZ\r\n00\r\n\r\nGET / HTTP/1.1\r\n",
      "http://user:pass%20word@example.com:8080/a%2Fb/../c;d?x=1&y=%41+b#frag%20ment",
      "http://[fe80::1%25en0]:80/?#",
      "http://[fe80::1%25en0]a%5B\xff]]:58/?#",
      "mailto:a@b?subject=c",
      "//host/path",
      "../a/./b/..?q",
      "a=1&b=%zz&c;d&=e&f",
      "Content-Type: text/plain\nx-y:  z \nSet-Cookie: a=b\nx-y: second",
      "a=\"b c\"; d=e; f=g; Max-Age=10; expires=Wed, 23-Nov-2011 01:05:03 GMT; SameSite=Lax",
  };
  for (const tests::request_case& c : tests::request_cases()) {
    if (c.bytes.size() <= longest) all.push_back(c.bytes);
  }
  return all;
}

}  // namespace warren::fuzz
