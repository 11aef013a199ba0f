// SPDX-License-Identifier: MIT
#include "file_server.hpp"

#include <system_error>
#include <utility>

#include "date.hpp"
#include "file.hpp"
#include "html_escape.hpp"
#include "path.hpp"
#include "precondition.hpp"
#include "replies.hpp"
#include "request.hpp"
#include "response_writer.hpp"
#include "serve_content.hpp"
#include "status.hpp"
#include "url.hpp"

namespace warren::http {
namespace {

constexpr std::string_view index_page = "/index.html";

bool is_one_of(const warren::error& err, std::initializer_list<std::errc> codes) {
  const auto* code = errors::as<std::error_code>(err);
  if (code == nullptr) return false;
  for (std::errc c : codes) {
    if (*code == c) return true;
  }
  return false;
}

void serve_failure(response_writer& w, const warren::error& err) {
  using std::errc;
  if (is_one_of(err, {errc::no_such_file_or_directory, errc::not_a_directory,
                      errc::too_many_symbolic_link_levels})) {
    serve_error(w, "404 page not found", status_not_found);
  } else if (is_one_of(err, {errc::permission_denied, errc::operation_not_permitted})) {
    serve_error(w, "403 Forbidden", status_forbidden);
  } else {
    serve_error(w, "500 Internal Server Error", status_internal_server_error);
  }
}

/// Redirects to a place relative to the path of the request, which may be only a part of what the client asked for (see
/// strip_prefix). With an escaped slash in it that would not lead to the right place.
void redirect_beside(response_writer& w, const request& r, std::string path) {
  const std::string asked = r.url.escaped_path();
  if (asked.find("%2f") != std::string::npos || asked.find("%2F") != std::string::npos)
    return not_found(w, r);
  url to;
  to.path = std::move(path);
  to.raw_query = r.url.raw_query;
  w.header().set("Location", to_string(to));
  w.write_header(status_moved_permanently);
}

std::string link_to(const file::entry& e) {
  const std::string name = e.is_folder ? e.name + '/' : e.name;
  url to;
  to.path = name;
  return "<a href=\"" + html_escape(to_string(to)) + "\">" + html_escape(name) + "</a>\n";
}

void serve_listing(response_writer& w, const request& r, const file& folder) {
  const auto modified =
      std::chrono::floor<std::chrono::seconds>(folder.modified()).time_since_epoch().count();
  if (check_conditions(r, {{}, modified}) == condition::not_modified) return serve_not_modified(w);
  const auto [entries, err] = folder.entries();
  if (err != nil) return error(w, "Error reading directory", status_internal_server_error);
  w.header().set("Last-Modified", format_date(modified));
  w.header().set("Content-Type", "text/html; charset=utf-8");
  w.write("<!doctype html>\n<meta name=\"viewport\" content=\"width=device-width\">\n<pre>\n");
  constexpr std::size_t piece_size = 32 * 1024;
  std::string piece;
  for (const file::entry& e : entries) {
    piece += link_to(e);
    if (piece.size() < piece_size) continue;
    if (w.write(piece).err() != nil) return;
    piece.clear();
  }
  w.write(piece += "</pre>\n");
}

/// Returns: whether the request was redirected: folders have a slash at the end of their path, files have none.
bool redirected(response_writer& w, const request& r, const std::string& path, const file& found) {
  const std::string last(base_name(path));
  if (found.is_folder() == path.ends_with('/')) return false;
  redirect_beside(w, r, found.is_folder() ? last + '/' : "../" + last);
  return true;
}

class files {
 public:
  explicit files(std::string folder) : folder_(folder.empty() ? "." : std::move(folder)) {}

  void operator()(response_writer& w, request& r) const {
    const std::string path = r.url.path.starts_with('/') ? r.url.path : '/' + r.url.path;
    if (path.ends_with(index_page)) return redirect_beside(w, r, "./");
    const std::string clean = http::clean(path);
    auto [found, err] = open(clean);
    if (err != nil) return serve_failure(w, err);
    if (redirected(w, r, path, found)) return;
    if (!found.is_folder()) return serve_content(w, r, base_name(clean), found.modified(), found);
    auto [index, no_index] = open(clean + std::string(index_page));
    if (no_index != nil || index.is_folder()) return serve_listing(w, r, found);
    serve_content(w, r, index_page, index.modified(), index);
  }

 private:
  /// Opens what the path, which is rooted, leads to from the folder.
  result<file> open(std::string_view path) const {
    path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
    if (path.find('\0') != std::string_view::npos) {
      return {file(), errors::from(std::make_error_code(std::errc::no_such_file_or_directory))};
    }
    return file::open(folder_, path.empty() ? "." : std::string(path));
  }

  std::string folder_;
};

}  // namespace

handler_func file_server(std::string folder) { return files(std::move(folder)); }

}  // namespace warren::http
