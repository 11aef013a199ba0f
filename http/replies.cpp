// SPDX-License-Identifier: MIT
#include "replies.hpp"

#include <cstddef>
#include <utility>

#include "html_escape.hpp"
#include "method.hpp"
#include "path.hpp"
#include "request.hpp"
#include "response_writer.hpp"
#include "status.hpp"
#include "url.hpp"

namespace warren::http {
namespace {

/// Returns: where a URL without a host leads from the request, as a clean path with a query.
std::string rooted(const request& r, std::string_view to) {
  const auto question = to.find('?');
  const auto query = question == std::string_view::npos ? std::string_view() : to.substr(question);
  std::string path(to.substr(0, question));
  if (!to.starts_with('/')) {
    std::string folder = r.url.escaped_path();
    folder.resize(folder.rfind('/') + 1);
    path = (folder.empty() ? "/" : folder) + path;
  }
  return clean_path(path).append(query);
}

bool has_place(std::string_view to) {
  const auto [parsed, err] = url::parse(to);
  return err != nil || !parsed.scheme.empty() || !parsed.host.empty();
}

std::string ascii(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      (out += '%') += hex[byte >> 4];
      out += hex[byte & 15];
    }
  }
  return out;
}

/// Takes the prefix off. Returns: false when the text does not begin with it.
bool strip(std::string& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.erase(0, prefix.size());
  return true;
}

}  // namespace

void error(response_writer& w, std::string_view text, int status) {
  // What the handler had prepared was for another answer.
  w.header().del("Content-Length");
  w.header().set("Content-Type", "text/plain; charset=utf-8");
  w.header().set("X-Content-Type-Options", "nosniff");
  w.write_header(status);
  w.write(std::string(text) += '\n');
}

void not_found(response_writer& w, const request&) { error(w, "404 page not found", status_not_found); }

void redirect(response_writer& w, const request& r, std::string_view to, int status) {
  const std::string place = has_place(to) ? std::string(to) : rooted(r, to);
  const bool with_page = !w.header().has("Content-Type");
  w.header().set("Location", ascii(place));
  if (with_page && (r.method == method_get || r.method == method_head)) {
    w.header().set("Content-Type", "text/html; charset=utf-8");
  }
  w.write_header(status);
  if (with_page && r.method == method_get) {
    w.write("<a href=\"" + html_escape(place) + "\">" + std::string(status_text(status)) + "</a>.\n\n");
  }
}

handler_func redirect_handler(std::string to, int status) {
  return [to = std::move(to), status](response_writer& w, request& r) { redirect(w, r, to, status); };
}

handler_func strip_prefix(std::string prefix, handler_func h) {
  if (prefix.empty()) return h;
  return [prefix = std::move(prefix), h = std::move(h)](response_writer& w, request& r) {
    request inner = r;
    if (strip(inner.url.path, prefix) && (inner.url.raw_path.empty() || strip(inner.url.raw_path, prefix))) {
      h(w, inner);
    } else {
      not_found(w, r);
    }
  };
}

}  // namespace warren::http
