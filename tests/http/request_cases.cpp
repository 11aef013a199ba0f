// SPDX-License-Identifier: MIT
#include "request_cases.hpp"

#include <cstddef>

namespace warren::tests {

namespace {

using namespace std::string_literals;

constexpr int taken = 0;

const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n";
const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
const std::string announced = post + "Transfer-Encoding: chunked\r\nTrailer: X, y\r\n\r\n";

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

std::string many_fields(std::size_t count, std::size_t size) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i)
    all += "X" + std::to_string(i) + ": " + std::string(size, 'y') + "\r\n";
  return all;
}

using cases = std::vector<request_case>;

void first_lines(cases& all) {
  all.insert(all.end(),
             {
                 {"get", taken, get + "\r\n"},
                 {"two spaces after the method", 400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"},
                 {"a tab after the method", 400, "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"},
                 {"a space before the method", 400, " GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
                 {"a space at the end", 400, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"},
                 {"two spaces before the version", 400, "GET /  HTTP/1.1\r\nHost: a\r\n\r\n"},
                 {"two targets", 400, "GET / / HTTP/1.1\r\nHost: a\r\n\r\n"},
                 {"an empty line before", taken, "\r\n" + get + "\r\n"},
                 {"two empty lines before", 400, "\r\n\r\n" + get + "\r\n"},
                 {"a bare LF before", 400, "\n" + get + "\r\n"},
                 {"a bare CR before", 400, "\r" + get + "\r\n"},
                 {"no version", 400, "GET /\r\n\r\n"},
                 {"no version, HTTP/0.9 with a space", 400, "GET / \r\n\r\n"},
                 {"version 2.0", 505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"},
                 {"version 1.2", 505, "GET / HTTP/1.2\r\nHost: a\r\n\r\n"},
                 {"version 0.9", 505, "GET / HTTP/0.9\r\nHost: a\r\n\r\n"},
                 {"the preface of HTTP/2", 400, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
                 {"a version with many digits", 505, "GET / HTTP/4294967297.1\r\nHost: a\r\n\r\n"},
                 {"a minor version with two digits", 400, "GET / HTTP/1.10\r\nHost: a\r\n\r\n"},
                 {"a version with a zero before", 505, "GET / HTTP/01.1\r\nHost: a\r\n\r\n"},
                 {"a version in lower case", 400, "GET / http/1.1\r\nHost: a\r\n\r\n"},
                 {"CR in the version", 400, "GET / HTTP/\r\r1.1\r\nHost: a\r\n\r\n"},
                 {"another protocol", 400, "GET / HTTPS/1.1\r\nHost: a\r\n\r\n"},
                 {"a comma in the version", 400, "GET / HTTP/1,1\r\nHost: a\r\n\r\n"},
                 {"no minor version", 400, "GET / HTTP/1\r\nHost: a\r\n\r\n"},
                 {"HTTP/1.0 without Host", taken, "GET / HTTP/1.0\r\n\r\n"},
                 {"NUL as method", 400, "\0 / HTTP/1.1\r\nHost: a\r\n\r\n"s},
                 {"a colon in the method", 400, "GET: / HTTP/1.1\r\nHost: a\r\n\r\n"},
                 {"a method with high bytes", 400, "G\xc3\x89T / HTTP/1.1\r\nHost: a\r\n\r\n"},
                 {"a method of 32 letters", taken, std::string(32, 'M') + " / HTTP/1.1\r\nHost: a\r\n\r\n"},
                 {"a method of 33 letters", 501, std::string(33, 'M') + " / HTTP/1.1\r\nHost: a\r\n\r\n"},
                 {"a method in lower case", taken, "get / HTTP/1.1\r\nHost: a\r\n\r\n"},
                 {"no method", 400, " / HTTP/1.1\r\nHost: a\r\n\r\n"},
                 {"a TLS handshake", 400, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s},
             });
}

void targets(cases& all) {
  const std::string rest = " HTTP/1.1\r\nHost: a\r\n\r\n";
  all.insert(all.end(),
             {
                 {"a control character in the target", 400, "GET /a\x01z" + rest},
                 {"DEL in the target", 400, "GET /a\x7fz" + rest},
                 {"NUL in the target", 400, "GET /a\0z"s + rest},
                 {"no path", 400, "GET !" + rest},
                 {"a relative path", 400, "GET a/b" + rest},
                 {"a query without a path", 400, "GET ?a=b" + rest},
                 {"a fragment", 400, "GET /a#b" + rest},
                 {"an asterisk for GET", 400, "GET *" + rest},
                 {"an asterisk and more", 400, "OPTIONS *a" + rest},
                 {"an asterisk for OPTIONS", taken, "OPTIONS *" + rest},
                 {"an absolute target", taken, "GET http://b:80/c?d" + rest},
                 {"an absolute target without a path", taken, "GET http://b" + rest},
                 {"an absolute target with a query alone", taken, "GET http://b?c" + rest},
                 {"an absolute target without a host", 400, "GET http:///c" + rest},
                 {"an absolute target with a user", 400, "GET http://u@b/c" + rest},
                 {"an absolute target with a bad port", 400, "GET http://b:8x/c" + rest},
                 {"an absolute target with one slash", 400, "GET http:/b" + rest},
                 {"an absolute target without Host", 400, "GET http://b/c HTTP/1.1\r\n\r\n"},
                 {"a scheme without slashes", 400, "GET mailto:b" + rest},
                 {"CONNECT to an authority", taken, "CONNECT b:443" + rest},
                 {"CONNECT without a port", 400, "CONNECT b" + rest},
                 {"CONNECT to a path", 400, "CONNECT /b" + rest},
                 {"an IPv6 address", taken, "GET http://[::1]:80/" + rest},
                 {"an IPv6 address that is not closed", 400, "GET http://[::1/" + rest},
                 {"a code that is none", 400, "GET /%zz" + rest},
                 {"a code that is cut off", 400, "GET /%4" + rest},
                 {"a code that is cut off by the query", 400, "GET /%4?a" + rest},
                 {"a bad code in the query", taken, "GET /?%zz" + rest},
                 {"a code", taken, "GET /%41%2f" + rest},
                 {"high bytes in the target", taken, "GET /caf\xc3\xa9" + rest},
                 {"two slashes", taken, "GET //b/c" + rest},
                 {"a target of 8192 bytes", taken, "GET /" + std::string(8191, 'a') + rest},
                 {"a target of 8193 bytes", 414, "GET /" + std::string(8192, 'a') + rest},
                 {"a target of 20 KB", 414, "GET /" + std::string(20000, 'a') + rest},
                 {"an absolute target of 20 KB", 414, "GET http://b/" + std::string(20000, 'a') + rest},
             });
}

void hosts(cases& all) {
  const auto with = [](std::string_view host) {
    return "GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n";
  };
  all.insert(all.end(), {
                            {"no Host", 400, "GET / HTTP/1.1\r\n\r\n"},
                            {"two Hosts", 400, get + "Host: b\r\n\r\n"},
                            {"two equal Hosts", 400, get + "Host: a\r\n\r\n"},
                            {"two Hosts in HTTP/1.0", 400, "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"},
                            {"two Hosts, the case differs", 400, get + "hOST: a\r\n\r\n"},
                            {"a space in Host", 400, with("a b")},
                            {"a slash in Host", 400, with("a/b")},
                            {"an at sign in Host", 400, with("u@a")},
                            {"a comma and a space in Host", 400, with("a, b")},
                            {"a backslash in Host", 400, with("a\\b")},
                            {"a high byte in Host", 400, with("a\xa0")},
                            {"a port that is none", 400, with("a:b")},
                            {"two ports", 400, with("a:1:2")},
                            {"a bracket within", 400, with("a[::1]")},
                            {"an open bracket", 400, with("[::1")},
                            {"something behind a bracket", 400, with("[::1]a")},
                            {"an IPv6 Host", taken, with("[::1]:80")},
                            {"a port that is empty", taken, with("a:")},
                            {"an empty Host", taken, with("")},
                            {"spaces around Host", taken, with(" \t a:80 \t ")},
                        });
}

void framings(cases& all) {
  const auto sized = [](std::string_view length) {
    return post + "Content-Length: " + std::string(length) + "\r\n\r\nhello";
  };
  const auto coded = [](std::string_view coding) {
    return post + "Transfer-Encoding: " + std::string(coding) + "\r\n\r\n0\r\n\r\n";
  };
  const std::string length = "Content-Length: 5\r\n";
  const std::string encoding = "Transfer-Encoding: chunked\r\n";
  all.insert(
      all.end(),
      {
          {"a length", taken, sized("5"), "hello"},
          {"a length with zeros before", taken, sized("0005"), "hello"},
          {"a length with spaces around", taken, sized(" \t5\t "), "hello"},
          {"a body for GET", taken, get + length + "\r\nhello", "hello"},
          {"a length of nothing", taken, post + "Content-Length: 0\r\n\r\n"},
          {"both, length first", 400, post + length + encoding + "\r\n0\r\n\r\n"},
          {"both, encoding first", 400, post + encoding + length + "\r\n0\r\n\r\n"},
          {"both, something between", 400, post + encoding + "X: y\r\n" + length + "\r\n0\r\n\r\n"},
          {"both, with length 0", 400, post + "Content-Length: 0\r\n" + encoding + "\r\n0\r\n\r\n"},
          {"gzip beside a length", 501, post + "Transfer-Encoding: gzip\r\n" + length + "\r\nhello"},
          {"identity", 501, coded("identity")},
          {"gzip", 501, coded("gzip")},
          {"twice", 501, post + encoding + encoding + "\r\n0\r\n\r\n"},
          {"twice in one field", 501, coded("chunked, chunked")},
          {"gzip, then chunked", 501, coded("gzip, chunked")},
          {"chunked, then identity", 501, coded("chunked, identity")},
          {"an empty element before", 501, coded(",chunked")},
          {"an empty element behind", 501, coded("chunked,")},
          {"a parameter", 501, coded("chunked;q=1")},
          {"quotes", 501, coded("\"chunked\"")},
          {"a letter more", 501, coded("xchunked")},
          {"a letter less", 501, coded("chunke")},
          {"a letter more behind", 501, coded("chunkedx")},
          {"an empty encoding", 501, coded("")},
          {"a high space", 501,
           coded("\xa0"
                 "chunked\xa0")},
          {"a vertical tab", 400,
           coded("\x0b"
                 "chunked")},
          {"a vertical tab behind", 400, coded("chunked\x0b")},
          {"NUL behind", 400, coded("chunked\0"s)},
          {"upper case", taken, coded("CHUNKED")},
          {"spaces around chunked", taken, coded(" \tchunked \t")},
          {"chunked in HTTP/1.0", 501, "POST / HTTP/1.0\r\nHost: a\r\n" + encoding + "\r\n0\r\n\r\n"},
          {"chunked and a length in HTTP/1.0", 501,
           "POST / HTTP/1.0\r\nHost: a\r\n" + encoding + length + "\r\n0\r\n\r\n"},
          {"folded before chunked", 501, post + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"},
          {"a line end in the name", 400,
           post + "Transfer-\r\nEncoding: chunked\r\n" + length + "\r\n0\r\n\r\n"},
          {"a space before the colon of the encoding", 400,
           post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"},
          {"two lengths", 400, post + "Content-Length: 1\r\nContent-Length: 0\r\n\r\nZ"},
          {"two lengths, equal", taken, post + length + length + "\r\nhello", "hello"},
          {"two lengths, equal numbers", 400, post + length + "Content-Length: 05\r\n\r\nhello"},
          {"a length and a longer one", 400, post + length + "Content-Length: 55\r\n\r\nhello"},
          {"a list of lengths", 400, sized("5, 5")},
          {"a list of lengths without a space", 400, sized("5,5")},
          {"a plus", 400, sized("+5")},
          {"a minus", 400, sized("-5")},
          {"minus nothing", 400, sized("-0")},
          {"a hexadecimal length", 400, sized("0x5")},
          {"an underscore", 400, post + "Content-Length: 1_0\r\n\r\n0123456789"},
          {"an empty length, then a good one", 400, post + "Content-Length: \r\n" + length + "\r\nhello"},
          {"an empty length", 400, sized("")},
          {"a letter behind", 400, sized("5Z")},
          {"a fraction", 400, sized("5.0")},
          {"an exponent", 400, sized("5e0")},
          {"2^63", 400, sized("9223372036854775808")},
          {"2^64", 400, sized("18446744073709551616")},
          {"2^64 + 5", 400, sized("18446744073709551621")},
          {"100 digits", 400, sized(std::string(100, '9'))},
          {"a space within", 400, sized("5 5")},
          {"a space before the colon", 400, post + "Content-Length : 5\r\n\r\nhello"},
          {"a tab before the colon", 400, post + "Content-Length\t: 5\r\n\r\nhello"},
          {"NEL in the name", 400, post + "Content-Length\x85: 5\r\n\r\nhello"},
          {"NUL in the length", 400, post + "Content-Length: 5\0\r\n\r\nhello"s},
          {"a form feed in the length", 400, sized("5\x0c")},
          {"a high digit", 400, sized("\xd9\xa5")},
      });
}

void fields(cases& all) {
  all.insert(all.end(),
             {
                 {"a space before the first field", 400, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"},
                 {"a tab before the first field", 400, "GET / HTTP/1.1\r\n\tHost: a\r\nHost: a\r\n\r\n"},
                 {"a folded field", 400, get + "X: a\r\n b\r\n\r\n"},
                 {"a folded field with a tab", 400, get + "X: a\r\n\tb\r\n\r\n"},
                 {"a bare LF behind a field", 400, "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"},
                 {"a bare LF behind the first line", 400, "GET / HTTP/1.1\nHost: a\r\n\r\n"},
                 {"a bare LF at the end", 400, get + "\n"},
                 {"two bare LFs at the end", 400, "GET / HTTP/1.1\r\nHost: a\n\n"},
                 {"a bare CR within", 400, get + "X: a\rY: b\r\n\r\n"},
                 {"a bare CR at the beginning of a value", 400, get + "X: \ra\r\n\r\n"},
                 {"two CRs", 400, get + "X: a\r\r\n\r\n"},
                 {"a bare CR at the end", 400, get + "\rZGET /evil HTTP/1.1\r\nHost: a\r\n\r\n"},
                 {"a bare CR in a name", 400, get + "X\rY: b\r\n\r\n"},
                 {"NUL in a value", 400, get + "X: a\0b\r\n\r\n"s},
                 {"NUL in a name", 400, get + "X\0: b\r\n\r\n"s},
                 {"BEL in a value", 400, get + "X: a\x07z\r\n\r\n"},
                 {"DEL in a value", 400, get + "X: a\x7fz\r\n\r\n"},
                 {"a high byte in a value", taken, get + "X: caf\xe9\r\n\r\n"},
                 {"a tab in a value", taken, get + "X: a\tb\r\n\r\n"},
                 {"an empty value", taken, get + "X:\r\n\r\n"},
                 {"a value of spaces", taken, get + "X: \t \r\n\r\n"},
                 {"an empty name", 400, "GET / HTTP/1.1\r\n: x\r\nHost: a\r\n\r\n"},
                 {"no colon", 400, get + "X\r\n\r\n"},
                 {"brackets in a name", 400, get + "X[]: b\r\n\r\n"},
                 {"a space in a name", 400, get + "X Y: b\r\n\r\n"},
                 {"a high byte in a name", 400, get + "X\xe9: b\r\n\r\n"},
                 {"parentheses in a name", 400, get + "X(Y): b\r\n\r\n"},
                 {"all the letters of a token", taken, get + "!#$%&'*+-.^_`|~09azAZ: b\r\n\r\n"},
                 {"500 fields", taken, get + many_fields(499, 1) + "\r\n"},
                 {"501 fields", 431, get + many_fields(500, 1) + "\r\n"},
                 {"1200 fields", 431, get + many_fields(1200, 1) + "\r\n"},
                 {"a field of 2 MiB", 431, get + "X: " + std::string(2 << 20, 'y') + "\r\n\r\n"},
                 {"a name of 2 MiB", 431, get + std::string(2 << 20, 'y') + ": x\r\n\r\n"},
                 {"spaces of 2 MiB", 431, get + "X: " + std::string(2 << 20, ' ') + "\r\n\r\n"},
                 {"a head of 64 KiB", taken,
                  get + "X: " + std::string((64 << 10) - get.size() - 7, 'y') + "\r\n\r\n"},
                 {"a head of 64 KiB and a byte", 431,
                  get + "X: " + std::string((64 << 10) - get.size() - 6, 'y') + "\r\n\r\n"},
             });
}

void chunks(cases& all) {
  const std::string end = "\r\nhello\r\n0\r\n\r\n";
  const auto sized = [&](std::string_view size) { return chunked + std::string(size) + end; };
  all.insert(all.end(),
             {
                 {"a chunk", taken, sized("5"), "hello"},
                 {"a size in upper case", taken, chunked + "A\r\n0123456789\r\n0\r\n\r\n", "0123456789"},
                 {"a size in lower case", taken, chunked + "a\r\n0123456789\r\n0\r\n\r\n", "0123456789"},
                 {"two chunks", taken, chunked + "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "hello"},
                 {"16 digits", taken, sized("0000000000000005"), "hello"},
                 {"several zeros at the end", taken, chunked + "5\r\nhello\r\n000\r\n\r\n", "hello"},
                 {"17 digits", 400, sized("00000000000000005")},
                 {"0x", 400, sized("0x5")},
                 {"a plus", 400, sized("+5")},
                 {"a minus", 400, sized("-5")},
                 {"an underscore", 400, sized("0_5")},
                 {"a space before the size", 400, sized(" 5")},
                 {"no size", 400, chunked + "\r\n\r\n"},
                 {"no size, but an extension", 400, sized(";a")},
                 {"a space behind the size", 400, sized("5 ")},
                 {"a space behind the size, and an extension", 400, sized("5 ;a")},
                 {"a letter behind the size", 400, sized("5z")},
                 {"2^64", 400, sized("10000000000000000")},
                 {"2^64 - 1", 400, sized("ffffffffffffffff")},
                 {"2^63", 400, sized("8000000000000000")},
                 {"a bare LF behind the size", 400, chunked + "5\nhello\r\n0\r\n\r\n"},
                 {"a bare CR behind the size", 400, chunked + "5\rhello\r\n0\r\n\r\n"},
                 {"a bare LF behind the data", 400, chunked + "5\r\nhello\n0\r\n\r\n"},
                 {"a bare CR behind the data", 400, chunked + "5\r\nhello\r0\r\n\r\n"},
                 {"nothing behind the data", 400, chunked + "5\r\nhello0\r\n\r\n"},
                 {"other bytes behind the data", 400, chunked + "5\r\nhelloXX0\r\n\r\n"},
                 {"data too long", 400, chunked + "5\r\nhello!\r\n0\r\n\r\n"},
                 {"an extension", taken, sized("5;a=b;c;d=\"e;f\""), "hello"},
                 {"an empty extension", taken, sized("5;"), "hello"},
                 {"a quoted end of quote", taken, sized("5;a=\"b\\\"c\""), "hello"},
                 {"a bare LF in an extension", 400, sized("5;\nxx")},
                 {"a bare CR in an extension", 400, sized("5;a\rb")},
                 {"NUL in an extension", 400, sized("5;a\0"s)},
                 {"a quote that is not closed", 400, sized("5;a=\"b")},
                 {"a quote over the line end", 400, sized("5;a=\"\r\nb\"")},
                 {"a quoted line end", 400, sized("5;a=\"\\\r\nb\"")},
                 {"an extension of 4 KB", taken, sized("5;" + std::string(4094, 'a')), "hello"},
                 {"a line of more than 4 KB", 400, sized("5;" + std::string(4095, 'a'))},
                 {"a line of 1 MB", 400, sized("5;" + std::string(1 << 20, 'a'))},
                 {"many extensions", 400,
                  chunked + repeated("1;" + std::string(4000, 'a') + "\r\nZ\r\n", 50) + "0\r\n\r\n"},
                 {"20000 chunks of a byte", taken, chunked + repeated("1\r\nZ\r\n", 20000) + "0\r\n\r\n",
                  std::string(20000, 'Z')},
                 {"what is no chunk", 400, chunked + "INVALID!!!\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
                 {"a bare LF behind the last size", 400, chunked + "0\n\r\n"},
                 {"a bare LF at the end", 400, chunked + "0\r\n\n"},
                 {"a bare CR at the end", 400, chunked + "0\r\n\rX"},
                 {"two bytes at the end that are not CR LF", 400, chunked + "0\r\nXX" + get + "\r\n"},
             });
}

void trailers(cases& all) {
  const std::string last = "1\r\nZ\r\n0\r\n";
  all.insert(
      all.end(),
      {
          {"a trailer", taken, announced + last + "X: y\r\n\r\n", "Z"},
          {"two trailers", taken, announced + last + "x: 1\r\nY: 2\r\n\r\n", "Z"},
          {"a trailer that was not announced", 400, chunked + last + "X: y\r\n\r\n"},
          {"a request as a trailer", 400, chunked + "0\r\nX:POST / HTTP/1.1\r\n\r\n"},
          {"another trailer than the one announced", 400, announced + last + "Z: y\r\n\r\n"},
          {"a trailer Transfer-Encoding", 400, chunked + "0\r\nTransfer-Encoding: chunked\r\n\r\n"},
          {"a trailer Content-Length", 400, chunked + "0\r\nContent-Length: 5\r\n\r\nhello"},
          {"a trailer Host", 400, chunked + "0\r\nHost: evil\r\n\r\n"},
          {"a trailer Host that was announced", 400,
           post + "Transfer-Encoding: chunked\r\nTrailer: Host\r\n\r\n0\r\nHost: evil\r\n\r\n"},
          {"a folded trailer", 400, announced + last + "X: y\r\n z\r\n\r\n"},
          {"a trailer with a bare LF", 400, announced + last + "X: y\n\r\n"},
          {"a trailer without a colon", 400, announced + last + "X\r\n\r\n"},
          {"a trailer with a space before the colon", 400, announced + last + "X : y\r\n\r\n"},
          {"a trailer with NUL", 400, announced + last + "X: \0\r\n\r\n"s},
          {"3 MB of trailers", 400,
           announced + last + repeated("X: " + std::string(1000, 'y') + "\r\n", 3000) + "\r\n"},
          {"a trailer of 3 MB", 400, announced + last + "X: " + std::string(3 << 20, 'y') + "\r\n\r\n"},
          {"501 trailers", 400, announced + last + repeated("X: y\r\n", 501) + "\r\n"},
      });
}

}  // namespace

const std::vector<request_case>& request_cases() {
  static const std::vector<request_case> all = [] {
    std::vector<request_case> made;
    first_lines(made);
    targets(made);
    hosts(made);
    framings(made);
    fields(made);
    chunks(made);
    trailers(made);
    return made;
  }();
  return all;
}

}  // namespace warren::tests
