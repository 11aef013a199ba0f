// SPDX-License-Identifier: MIT
// Finding the handler of a request asks for no memory, and keeps what it has for path values.
#include <warren/http/response_writer.hpp>
#include <warren/http/serve_mux.hpp>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string>

#include "../test.hpp"
#include "call.hpp"

namespace {

std::atomic<std::int64_t> allocations{0};

void* allocate(std::size_t bytes) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(bytes);
}

}  // namespace

// This program's own: all that are not aligned beyond the usual.
void* operator new(std::size_t bytes) {
  if (void* at = allocate(bytes)) return at;
  throw std::bad_alloc();
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return allocate(bytes); }
void operator delete(void* at) noexcept { std::free(at); }
void operator delete(void* at, std::size_t) noexcept { std::free(at); }
void operator delete(void* at, const std::nothrow_t&) noexcept { std::free(at); }

namespace {

using namespace warren;

http::serve_mux site() {
  http::serve_mux mux;
  for (const char* pattern :
       {"/", "/index", "/products/", "/products/3/image.jpg", "GET /items/{id}/parts/{part}",
        "/files/{rest...}", "example.com/admin/products/create"}) {
    mux.handle(pattern, [](http::response_writer&, http::request&) {});
  }
  return mux;
}

/// Allocations of a call of the mux with a request that has been through it before, as those of a connection have.
std::int64_t allocations_for(const http::serve_mux& mux, const char* path) {
  http::request r = tests::request_for("GET", path);
  http::response_recorder w;
  mux(w, r);
  const std::int64_t before = allocations.load(std::memory_order_relaxed);
  mux(w, r);
  return allocations.load(std::memory_order_relaxed) - before;
}

WARREN_TEST(routing_allocation, None) {
  const http::serve_mux mux = site();
  for (const char* path : {"/", "/index", "/products/3/image.jpg",
                           "/products/of/any/other/depth/and/a/long/name", "/admin/products/create",
                           "/items/17/parts/a-name-that-is-longer-than-a-short-string", "/files/a/b/c"}) {
    const std::int64_t for_values =
        std::string_view(path).starts_with("/items") ? 1 : 0;  // a long one, unescaped
    EXPECT_EQ(allocations_for(mux, path), for_values) << path;
  }
}

}  // namespace
