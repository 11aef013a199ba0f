// SPDX-License-Identifier: MIT
#include <boost/fiber/all.hpp>
#include <vector>

#include "measure.hpp"

// One token goes round a ring of a thousand fibers; the caller is one of them. Each adds one.
void ring_hops(std::int64_t n) {
  std::vector<boost::fibers::unbuffered_channel<std::int64_t>> links(ring_nodes);
  std::vector<boost::fibers::fiber> fibers;
  for (std::size_t k = 1; k < ring_nodes; k++) {
    fibers.emplace_back([&in = links[k - 1], &out = links[k]] {
      for (std::int64_t token : in) out.push(token + 1);
      out.close();
    });
  }
  std::int64_t token = 0;
  for (std::int64_t i = 0; i < n; i++) {
    links.front().push(token + 1);
    token = links.back().value_pop();
  }
  links.front().close();
  for (boost::fibers::fiber& f : fibers) f.join();
  verify(token == ring_nodes * n, "ring_1000");
}
