// SPDX-License-Identifier: MIT
#include "client.hpp"

#include "client_redirect.hpp"
#include "method.hpp"
#include "round_trip.hpp"
#include "timeout_error.hpp"
#include "url_error.hpp"

namespace warren::http {

namespace {

/// `Get` of `GET`, as Go's messages have it.
std::string operation(std::string_view method) {
  if (method.empty()) return "Get";
  std::string op(method.substr(0, 1));
  for (const char c : method.substr(1)) op.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
  return op;
}

/// In ns on the clock; 0: none, or none that comes before the request's own.
std::int64_t deadline_of(clock::duration timeout, const request& r) {
  if (timeout.count() <= 0) return 0;
  const std::int64_t when = runtime::saturating_add(runtime::now_ns(), timeout.count());
  const auto own = r.ctx().deadline();
  return own && own->time_since_epoch().count() <= when ? 0 : when;
}

/// A call of a client's: one request, and those that redirects make of it.
class call {
 public:
  call(const client& c, const std::shared_ptr<connection_pool>& pool, request r)
      : client_(c), pool_(pool), deadline_(deadline_of(c.timeout, r)), next_(std::move(r)),
        op_(operation(next_.method)) {}

  result<response> run();

 private:
  result<response> send();
  warren::error check(std::span<const request> sent);
  result<response> failed(const std::string& url, warren::error why) {
    return {nil, url_error(op_, url, std::move(why))};
  }

  const client& client_;
  const std::shared_ptr<connection_pool>& pool_;
  const std::int64_t deadline_;
  request next_;
  const std::string op_;
  std::vector<request> sent_;
  redirect_trail trail_;
};

/// A response's body is of no interest any more, but its connection is.
void skip_body(const response& r) {
  constexpr std::size_t little = 2048;
  char room[little];
  if (r.content_length() <= static_cast<std::int64_t>(little)) {
    for (std::size_t all = 0; all < little;) {
      const auto [n, err] = r.body().read(room);
      if (err != nil) break;
      all += n;
    }
  }
  r.body().close();
}

result<response> call::send() {
  auto answer = round_trip(pool_, next_, deadline_);
  if (answer.err() == nil) return answer;
  warren::error why = answer.err();
  if (deadline_ != 0 && runtime::now_ns() >= deadline_) {
    why = timeout_error(why.message() + " (Client.Timeout exceeded while awaiting headers)");
  }
  return failed(without_password(next_.url), std::move(why));
}

warren::error call::check(std::span<const request> sent) {
  if (client_.check_redirect != nullptr) return client_.check_redirect(next_, sent);
  if (sent.size() < static_cast<std::size_t>(client_.max_redirects)) return nil;
  return errors::make("stopped after " + std::to_string(client_.max_redirects) + " redirects");
}

result<response> call::run() {
  for (;;) {
    auto answer = send();
    if (answer.err() != nil) return answer;
    const response& r = answer.value();
    const request& first = sent_.empty() ? r.request() : sent_.front();
    const redirection how = redirection_of(r, r.request().method, first);
    if (!how.follow || !r.header().has("Location")) return answer;
    sent_.push_back(r.request());
    auto [next, err] = redirected(r, how, sent_, trail_);
    if (err != nil) {
      r.body().close();
      return failed(without_password(sent_.back().url), std::move(err));
    }
    next_ = std::move(next);
    err = check(sent_);
    if (err == use_last_response) return answer;
    skip_body(r);
    if (err != nil) return {r, url_error(op_, r.header().get("Location"), std::move(err))};
  }
}

}  // namespace

result<response> client::do_(request r) const {
  const http::transport t = transport == nil ? http::transport::shared() : transport;
  return call(*this, t.pool_, std::move(r)).run();
}

result<response> client::get(std::string_view url) const {
  auto [r, err] = new_request(method_get, url);
  if (err != nil) return {nil, std::move(err)};
  return do_(std::move(r));
}

result<response> client::head(std::string_view url) const {
  auto [r, err] = new_request(method_head, url);
  if (err != nil) return {nil, std::move(err)};
  return do_(std::move(r));
}

result<response> client::post(std::string_view url, std::string_view content_type, body content) const {
  auto [r, err] = new_request(method_post, url, std::move(content));
  if (err != nil) return {nil, std::move(err)};
  r.header.set("Content-Type", content_type);
  return do_(std::move(r));
}

result<response> client::post_form(std::string_view url, const form_values& form) const {
  return post(url, "application/x-www-form-urlencoded", encode_query(form));
}

void client::close_idle() const { (transport == nil ? http::transport::shared() : transport).close_idle(); }

result<response> get(std::string_view url) { return client().get(url); }
result<response> head(std::string_view url) { return client().head(url); }
result<response> post(std::string_view url, std::string_view content_type, body content) {
  return client().post(url, content_type, std::move(content));
}
result<response> post_form(std::string_view url, const form_values& form) { return client().post_form(url, form); }

}  // namespace warren::http
