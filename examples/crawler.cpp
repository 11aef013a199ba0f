// SPDX-License-Identifier: MIT
// crawler URL: visits the page and all pages of its server that it leads to, level by level: four at a time, and no more
// than a hundred a second.
#include <warren/warren.hpp>

#include <csignal>
#include <map>
#include <mutex>
#include <set>
#include <vector>
using namespace warren;
using namespace std::chrono_literals;

std::vector<std::string> links_in(const std::string& page) {
  std::vector<std::string> links;
  const std::string mark = "href=\"";
  for (auto at = page.find(mark); at != std::string::npos; at = page.find(mark, at)) {
    at += mark.size();
    links.push_back(page.substr(at, page.find('"', at) - at));
  }
  return links;
}

class crawler {
 public:
  explicit crawler(context ctx) : ctx_(std::move(ctx)) {}

  error crawl(const std::string& start) {
    std::set<std::string> level = {start};
    seen_ = level;
    while (!level.empty()) {
      found_.clear();
      errgroup::group g(ctx_);
      g.set_limit(4);
      for (const std::string& page : level) {
        pace_.c().recv();
        g.go([this, ctx = g.ctx(), page] { return visit(ctx, page); });
      }
      if (error err = g.wait(); err != nil) return err;
      for (const auto& [page, status] : statuses_) println(status, page);
      statuses_.clear();
      level = found_;
    }
    return nil;
  }

 private:
  error visit(context ctx, const std::string& page) {
    auto [req, bad] = http::new_request(ctx, http::method_get, page);
    if (bad != nil) return bad;
    auto [res, err] = client_.do_(req);
    if (err != nil) return err;
    auto [text, broken] = http::read_all(res.body());
    if (broken != nil) return errors::wrap(page, broken);

    std::lock_guard lock(mutex_);
    statuses_[page] = res.status();
    for (const std::string& link : links_in(text)) note(res.request().url, link);
    return nil;
  }

  // Whatever is on another server is left alone.
  void note(const http::url& page, const std::string& link) {
    auto [to, err] = page.resolve(link);
    if (err != nil || to.host != page.host || to.scheme != page.scheme) return;
    to.fragment.clear();
    to.raw_fragment.clear();
    if (seen_.insert(to_string(to)).second) found_.insert(to_string(to));
  }

  context ctx_;
  http::client client_;
  ticker pace_{10ms};
  sync::mutex mutex_;
  std::set<std::string> seen_, found_;           // guarded by mutex_
  std::map<std::string, std::string> statuses_;  // guarded by mutex_
};

int main(int argc, char** argv) {
  return run([=] {
    auto [ctx, stop] = signals::notify_context(context::background(), SIGINT);
    defer _ = stop;
    error err = crawler(ctx).crawl(argc > 1 ? argv[1] : "http://127.0.0.1:8000/");
    if (err != nil) eprintln(err);
    return err == nil ? 0 : 1;
  });
}
