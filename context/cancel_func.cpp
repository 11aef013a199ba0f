// SPDX-License-Identifier: MIT
#include "cancel_func.hpp"

#include "../errors/panic.hpp"
#include "cancel_node.hpp"

namespace warren::context_tree {

canceler::canceler(const canceler& other) noexcept : node_(other.node_) {
  if (node_ != nullptr) node_->retain_holder();
}

void canceler::drop() noexcept { node_->drop_canceler(); }

void canceler::cancel() const { cancel(nil); }

void canceler::cancel(error cause) const {
  if (node_ == nullptr) panic("runtime error: invalid memory address or nil pointer dereference");
  node_->cancel({false, std::move(cause)});
}

}  // namespace warren::context_tree
