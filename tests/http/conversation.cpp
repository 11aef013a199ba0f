// SPDX-License-Identifier: MIT
#include "conversation.hpp"

#include <warren/http/head_parser.hpp>
#include <warren/http/input.hpp>
#include <warren/http/message_body.hpp>

#include <utility>

#include "scripted_stream.hpp"

namespace warren::tests {

namespace {

class trailer_keeper final : public http::body_hooks {
 public:
  void at_end(http::body_end, const error&, http::header& trailers) override { trailers.write_to(text); }
  std::string text;
};

class reader {
 public:
  explicit reader(std::vector<std::string> pieces)
      : stream_(new scripted_stream(std::move(pieces))), in_(stream_) {}
  ~reader() {
    in_.unbind();
    stream_->release();
    body_->release();
  }
  reader(const reader&) = delete;
  reader& operator=(const reader&) = delete;

  conversation read() {
    while (read_head() && read_body()) {
    }
    return std::move(so_far_);
  }

 private:
  bool read_head() {
    parser_.reset();
    for (;;) {
      switch (parser_.feed(in_.data(), head_)) {
        case http::head_status::complete:
          in_.consume(parser_.consumed());
          return true;
        case http::head_status::bad:
          return refuse(parser_.error_status(), parser_.error_text());
        case http::head_status::incomplete:
          break;
      }
      if (in_.fill(std::size_t{1} << 20).value() == 0) {
        so_far_.unfinished = !in_.empty();
        return false;
      }
    }
  }

  bool read_body() {
    using framing = http::message_body::framing;
    trailer_keeper hooks;
    body_->start(in_, head_.chunked ? framing::chunked : framing::sized,
                 head_.content_length > 0 ? head_.content_length : 0, &hooks, {}, head_.trailer);
    body_->retain();
    const auto [text, err] = http::read_all(http::body(body_));
    body_->cut_off();
    if (err == net::unexpected_eof) {
      so_far_.unfinished = true;
      return false;
    }
    if (err != nullptr) return refuse(400, err.message());
    message m{head_.method, head_.target, head_.host, text, {}, hooks.text};
    head_.header.write_to(m.fields);
    so_far_.accepted.push_back(std::move(m));
    return true;
  }

  bool refuse(int status, std::string reason) {
    so_far_.refused = status;
    so_far_.reason = std::move(reason);
    return false;
  }

  scripted_stream* stream_;
  http::input in_;
  http::request_parser parser_;
  http::request_head head_;
  http::message_body* body_ = new http::message_body;
  conversation so_far_;
};

}  // namespace

conversation converse(std::vector<std::string> pieces) { return reader(std::move(pieces)).read(); }

std::string to_string(const conversation& c) {
  std::string text;
  for (const message& m : c.accepted) {
    text += m.method + ' ' + m.target.substr(0, 80) + " host " + m.host + ", body of " +
            std::to_string(m.body.size()) + "; ";
  }
  if (c.refused != 0) text += "refused with " + std::to_string(c.refused) + ": " + c.reason;
  if (c.unfinished) text += "unfinished";
  return text;
}

}  // namespace warren::tests
