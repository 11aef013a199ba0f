// SPDX-License-Identifier: MIT
#pragma once

// What a connection works with from the first byte of a request until it waits for the next one: buffers, the parser, the
// request, the answer. A connection that waits has none.
//
// Laws
//   * A workbench belongs to one connection, or lies in the store. It keeps its memory, so that a request allocates
//     nothing once it is warm; what is much larger than usual is given back.
//   * The store hands out the one that came last, which is still in the processor's cache.

#include "head_parser.hpp"
#include "input.hpp"
#include "message_body.hpp"
#include "reply.hpp"
#include "request.hpp"
#include "request_scope.hpp"

namespace warren::http {

struct workbench {
  workbench();
  ~workbench();
  workbench(const workbench&) = delete;
  workbench& operator=(const workbench&) = delete;

  input in;
  request_parser parser;
  request_head head;
  request req;
  message_body* body;    ///< a handle
  request_scope* scope;  ///< a handle
  reply answer;
  workbench* next = nullptr;  ///< in the store
};

workbench* take_workbench();
void give_workbench(workbench* b) noexcept;

}  // namespace warren::http
