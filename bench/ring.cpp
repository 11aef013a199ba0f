// SPDX-License-Identifier: MIT
#include <vector>
#include <warren/warren.hpp>

#include "measure.hpp"

using namespace warren;

namespace {

constexpr std::int64_t ring_nodes = 1000;

// One token goes round a ring of a thousand goroutines; the caller is one of them. Each adds one.
void ring_hops(std::int64_t n) {
  std::vector<chan<std::int64_t>> links(ring_nodes);
  for (chan<std::int64_t>& link : links) link = make_chan<std::int64_t>();
  for (std::size_t k = 1; k < links.size(); k++) {
    go([in = links[k - 1], out = links[k]] {
      for (std::int64_t token : in) out.send(token + 1);
      out.close();
    });
  }
  std::int64_t token = 0;
  for (std::int64_t i = 0; i < n; i++) {
    links.front().send(token + 1);
    token = links.back().recv();
  }
  links.front().close();
  auto [v, open] = links.back().recv_ok();
  verify(!open && token == ring_nodes * n, "ring_1000");
}

const bool measured = measure("ring_1000", ring_nodes, ring_hops);

}  // namespace
