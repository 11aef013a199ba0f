// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../context/context.hpp"
#include "../errors/error.hpp"
#include "../errors/result.hpp"
#include "body.hpp"
#include "cookie.hpp"
#include "header.hpp"
#include "url.hpp"

namespace warren::http {

struct request_head;

/// A context that is made when somebody asks for it: most handlers never do. Counted; copies of a request share it.
class lazy_context {
 public:
  lazy_context(const lazy_context&) = delete;
  lazy_context& operator=(const lazy_context&) = delete;

  /// Returns: the same context each time. May be called from anywhere, also by several at a time.
  virtual context get() = 0;

  void retain() noexcept { handles_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    // Acquire and release: pairs with itself; what other handles did is over before the end.
    if (handles_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }
  /// Returns: whether there is one handle only.
  bool is_unshared() const noexcept {
    // Acquire: pairs with the fetch_sub of those who let go.
    return handles_.load(std::memory_order_acquire) == 1;
  }

 protected:
  lazy_context() noexcept = default;
  virtual ~lazy_context() = default;

 private:
  std::atomic<std::uint32_t> handles_{1};
};

/// A request, as a server received it or as a client is to send it. Copies have fields of their own, and share the body and
/// the context. A default one is nil.
/// Source: Go http.Request.
class request {
 public:
  request();
  request(std::nullptr_t);
  request(const request& other);
  request(request&& other) noexcept;
  request& operator=(const request& other);
  request& operator=(request&& other) noexcept;
  ~request();

  std::string method;  ///< empty in a request to be sent: GET
  http::url url;
  http::header header;  ///< of a received request: without Host
  http::body body;
  std::string host;         ///< to be sent: empty for the URL's
  std::string remote_addr;  ///< of a received request: `host:port` of the peer
  std::string proto;        ///< `HTTP/1.1`, `HTTP/1.0`
  std::int64_t content_length =
      0;                    ///< -1: not known; 0 with a body that is not nil, to be sent: not known either
  bool close = false;       ///< the connection is to be closed after the answer
  http::header trailer;     ///< of a received request: there when its body was read to its end
  std::string request_uri;  ///< of a received request: the target as it came
  std::string pattern;      ///< of the mux: the pattern that matched

  /// Returns: the context, never nil; of a received request canceled when its client disconnects or its handler returns.
  context ctx() const;
  /// Returns: a copy with that context. Throws: panic_error `nil context`.
  request with_context(const context& ctx) const;

  /// Returns: what stands in the path where the pattern has `{name}`; empty if it has none.
  std::string path_value(std::string_view name) const;
  void set_path_value(std::string_view name, std::string_view value);

  /// Returns: the first value of that name in the query of the URL, empty for none.
  std::string query(std::string_view name) const;
  /// Returns: the same of the form in the body, if it has that name, else of the query. The first call reads the body, if
  /// that is a form (application/x-www-form-urlencoded, of a POST, PUT or PATCH), up to 10 MiB. Parks: then.
  std::string form_value(std::string_view name) const;
  /// Returns: what is wrong with the form; nil if there is none. Parks: as form_value.
  warren::error parse_form() const;

  /// Returns: the value of the first cookie of that name, empty for none.
  std::string cookie(std::string_view name) const;
  std::vector<http::cookie> cookies() const;
  void add_cookie(const http::cookie& c);

  std::string user_agent() const { return header.get("User-Agent"); }
  std::string referer() const { return header.get("Referer"); }

  /// Returns: name and password of an Authorization field that has them.
  std::optional<std::pair<std::string, std::string>> basic_auth() const;
  void set_basic_auth(std::string_view name, std::string_view password);

  friend bool operator==(const request& r, std::nullptr_t) noexcept { return r.is_nil(); }

 private:
  friend class server_connection;
  friend class exchange;
  friend class serve_mux;

  struct form;
  struct path_variable {
    std::string name;
    std::string value;
  };

  /// A counted handle, or null.
  class shared_lazy_context {
   public:
    shared_lazy_context() noexcept = default;
    explicit shared_lazy_context(lazy_context* owned) noexcept : at_(owned) {}
    shared_lazy_context(const shared_lazy_context& other) noexcept : at_(other.at_) {
      if (at_ != nullptr) at_->retain();
    }
    shared_lazy_context(shared_lazy_context&& other) noexcept : at_(std::exchange(other.at_, nullptr)) {}
    shared_lazy_context& operator=(shared_lazy_context other) noexcept {
      std::swap(at_, other.at_);
      return *this;
    }
    ~shared_lazy_context() {
      if (at_ != nullptr) at_->release();
    }
    lazy_context* get() const noexcept { return at_; }

   private:
    lazy_context* at_ = nullptr;
  };

  bool is_nil() const noexcept;

  /// Takes over what a head says, in exchange for the memory that the request has. The body is not touched. Returns: why the
  /// target is no URL.
  warren::error take(request_head& head);
  /// In place of the context; takes the caller's handle over. Null: the background.
  void set_lazy_context(lazy_context* owned) noexcept;
  /// Empties it for the next request, and keeps the memory of texts and fields.
  void reset() noexcept;
  /// Empties it and gives the memory back.
  void release_memory() noexcept;
  /// Path variables: taken out, but their memory is kept.
  void clear_path_values() noexcept { path_values_ = 0; }

  context ctx_;               ///< nil: see lazy_
  shared_lazy_context lazy_;  ///< null: the background
  std::vector<path_variable> path_variables_;
  std::size_t path_values_ = 0;       ///< how many of them count
  mutable std::shared_ptr<const form> form_;  ///< null: not parsed yet
};

/// Makes a request to be sent. An empty method is GET. Returns: `net/http: invalid method "…"`, or what is wrong with the
/// URL. Source: Go http.NewRequest.
result<request> new_request(std::string_view method, std::string_view url, body content = {});
/// Returns: the same; `net/http: nil Context` for a nil context. Source: Go http.NewRequestWithContext.
result<request> new_request(const context& ctx, std::string_view method, std::string_view url,
                            body content = {});

}  // namespace warren::http
