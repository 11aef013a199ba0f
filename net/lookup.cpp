// SPDX-License-Identifier: MIT
#include "lookup.hpp"

// Laws
//   * A look-up blocks a thread for as long as the resolver likes. It runs on a thread of its own, not on a goroutine in
//     a blocking call: it must come to its end, and give its place back, also when the run that asked for it is over.
//   * `lock` guards the map, the queue and the number of threads. A query is in the map from when it is made until its
//     answer stands; those who ask meanwhile share it. Its answer is written before `done` is closed, and not after.
//   * At most `most_threads` look up; a query beyond that waits in the queue, and a thread that is ready takes the next.
//   * What is in the map is answered, also without memory: nothing that its answer needs is allocated after it is there
//     but parts of the answer, in place of which an error says so.

#include <atomic>
#include <cerrno>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

#include "../channels/channel.hpp"
#include "../channels/select.hpp"
#include "../errors/panic.hpp"
#include "../runtime/sockets.hpp"
#include "../runtime/spinlock.hpp"
#include "../runtime/system.hpp"
#include "addr.hpp"
#include "net_error.hpp"
#include "socket_address.hpp"

namespace warren::net {

namespace sys = runtime::sys;

namespace {

constexpr int most_threads = 64;

constexpr errors::sentinel out_of_memory_object{"lookup: out of memory"};
constexpr error out_of_memory{out_of_memory_object};

struct query {
  explicit query(std::string_view name) : host(name) {}

  const std::string host;
  const chan<void> done = make_chan<void>();
  std::vector<std::string> addresses;
  error err;
  std::shared_ptr<query> handed_over;  ///< itself, on the way to a new thread
};

using query_ptr = std::shared_ptr<query>;

struct office {
  runtime::spinlock lock;
  std::map<std::string, query_ptr, std::less<>> open;
  std::list<query_ptr> queue;
  int threads = 0;
};

/// Never destroyed: a thread may still be looking up while the process ends.
office& the_office() {
  static office& o = *new office;
  return o;
}

error why_not_found(const std::string& host, const sys::lookup_result& r) {
  using enum sys::lookup_outcome;
  switch (r.outcome) {
    case found: return nil;
    case no_such_host: return errors::of<dns_error>(host, "no such host", dns_error::kind::not_found);
    case try_again: return errors::of<dns_error>(host, r.text, dns_error::kind::temporary);
    case failed: break;
  }
  const bool out_of_files = r.error == EMFILE || r.error == ENFILE;
  return errors::of<dns_error>(host, r.error != 0 ? errno_text(r.error) : r.text,
                               out_of_files ? dns_error::kind::temporary : dns_error::kind::other);
}

template <class F>
void answer(query& q, F&& f) noexcept {
  try {
    f();
  } catch (const std::bad_alloc&) {
    q.err = out_of_memory;
  }
}

void look_up(query& q) noexcept {
  const auto add = [](const sys::socket_address& a, void* raw) {
    auto& asked = *static_cast<query*>(raw);
    answer(asked, [&] { asked.addresses.push_back(from_socket_address(network::tcp, a).ip()); });
  };
  const sys::lookup_result r = sys::look_up(q.host.c_str(), add, &q);
  answer(q, [&] {
    if (error why = why_not_found(q.host, r); why != nil) q.err = std::move(why);
  });
}

/// Takes the answered query off, and the next one to be looked up; null: the thread is to end.
query_ptr next_after(const query& answered) {
  office& o = the_office();
  std::lock_guard hold(o.lock);
  o.open.erase(answered.host);
  if (o.queue.empty()) {
    --o.threads;
    return nullptr;
  }
  query_ptr q = std::move(o.queue.front());
  o.queue.pop_front();
  return q;
}

void look_up_all(void* raw) {
  query_ptr q = std::move(static_cast<query*>(raw)->handed_over);
  while (q != nullptr) {
    look_up(*q);
    query_ptr next = next_after(*q);
    q->done.close();
    q = std::move(next);
  }
}

void start_thread_for(const query_ptr& first) {
  first->handed_over = first;
  const int failure = sys::start_thread(look_up_all, first.get(), "warren-lookup", true);
  if (failure == 0) return;
  first->handed_over = nullptr;
  // Whoever else waits in the queue has a thread that will come to it, unless this was to be the only one.
  answer(*first, [&] {
    first->err = errors::of<dns_error>(first->host, errno_text(-failure), dns_error::kind::temporary);
  });
  const query_ptr next = next_after(*first);
  first->done.close();
  if (next != nullptr) start_thread_for(next);
}

/// Joins those who ask for the host already, or asks.
query_ptr ask(std::string_view host) {
  office& o = the_office();
  auto fresh = std::make_shared<query>(host);
  std::list<query_ptr> alone{fresh};
  bool start = false;
  {
    std::lock_guard hold(o.lock);
    const auto [at, is_new] = o.open.try_emplace(fresh->host, fresh);
    if (!is_new) return at->second;
    start = o.threads < most_threads;
    if (start) {
      ++o.threads;
    } else {
      o.queue.splice(o.queue.end(), alone);
    }
  }
  if (start) start_thread_for(fresh);
  return fresh;
}

error ended(std::string_view name, const context& ctx) {
  const error why = mapped_context_error(ctx.err());
  const bool late = errors::is_timeout(why);
  return errors::of<dns_error>(std::string(name), why.message(),
                               late ? dns_error::kind::timeout : dns_error::kind::other, why);
}

/// Names that no server knows: reserved for saying so (RFC 6761, 6.4), and what is no name.
bool is_never_found(std::string_view name) noexcept {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name.empty() || name == "invalid" || name.ends_with(".invalid") || name.find('\0') != name.npos;
}

}  // namespace

result<std::vector<std::string>> lookup_host(const context& ctx, std::string_view name) {
  using list = std::vector<std::string>;
  if (ctx == nil) panic("nil context");
  if (addr::parse_ip(network::tcp, name, 0).err() == nil) return {list{std::string(name)}, nil};
  if (is_never_found(name)) {
    return {list{}, errors::of<dns_error>(std::string(name), "no such host", dns_error::kind::not_found)};
  }
  if (ctx.err() != nil) return {list{}, ended(name, ctx)};
  const query_ptr q = ask(name);
  const auto done = ctx.done();
  if (select(recv(q->done), recv(done)) == 1) return {list{}, ended(name, ctx)};
  return {q->addresses, q->err};
}

}  // namespace warren::net
