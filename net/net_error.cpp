// SPDX-License-Identifier: MIT
#include "net_error.hpp"

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "../context/context.hpp"

namespace warren::net {

std::string timeout_error::message() const { return "i/o timeout"; }
bool timeout_error::is_timeout() const { return true; }

op_error::op_error(std::string_view op, std::string_view network, addr source, addr address, error err)
    : op_(op), network_(network), source_(std::move(source)), address_(std::move(address)), err_(std::move(err)) {}

std::string op_error::message() const {
  std::string text = op_;
  if (!network_.empty()) (text += ' ') += network_;
  if (source_ != nil) (text += ' ') += to_string(source_);
  if (address_ != nil) {
    text += source_ != nil ? "->" : " ";
    text += to_string(address_);
  }
  return (text += ": ") += err_.message();
}

system_call_error::system_call_error(const char* call, int code)
    : call_(call), code_(code), err_(errors::from(std::error_code(code, std::system_category()))) {}

std::string system_call_error::message() const { return std::string(call_) + ": " + errno_text(code_); }

dns_error::dns_error(std::string name, std::string text, kind what, error cause)
    : name_(std::move(name)), text_(std::move(text)), kind_(what), cause_(std::move(cause)) {}

std::string dns_error::message() const { return "lookup " + name_ + ": " + text_; }

std::string unknown_network_error::message() const { return "unknown network " + network_; }

bool is_temporary(const error& err) {
  if (errors::is_timeout(err)) return true;
  if (const auto* dns = errors::as<dns_error>(err); dns != nullptr) return dns->is_temporary();
  const auto* call = errors::as<system_call_error>(err);
  if (call == nullptr) return false;
  switch (call->code()) {
    case EINTR:
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM: return true;
    case ENOSPC:  // of files that are watched: one connection fails, not the listener
    case ECONNRESET:
    case ECONNABORTED: {
      const auto* op = errors::as<op_error>(err);
      return op != nullptr && op->op() == "accept";
    }
    default: return false;
  }
}

std::string errno_text(int code) {
  const char* words = ::strerrordesc_np(code);
  if (words == nullptr) return "errno " + std::to_string(code);
  std::string text = words;
  // Bad becomes bad, RFS stays what it is.
  const auto is_lower = [](char c) { return c >= 'a' && c <= 'z'; };
  if (text.size() > 1 && text[0] >= 'A' && text[0] <= 'Z' && is_lower(text[1])) text[0] |= 0x20;
  return text;
}

namespace {

/// An error of a context in the words of this floor.
class context_ended final : public errors::base {
 public:
  constexpr context_ended(const char* text, error what, bool timeout) noexcept
      : text_(text), what_(what), timeout_(timeout) {}

  std::string message() const override { return text_; }
  bool is(error target) const override { return target == what_; }
  bool is_timeout() const override { return timeout_; }

 private:
  const char* text_;
  error what_;
  bool timeout_;
};

inline constinit const errors::immortal<context_ended> canceled_object{"operation was canceled", context::canceled,
                                                                       false};
inline constinit const errors::immortal<context_ended> timed_out_object{"i/o timeout", context::deadline_exceeded,
                                                                        true};

}  // namespace

error mapped_context_error(const error& err) {
  if (err == context::canceled) return canceled_object;
  if (err == context::deadline_exceeded) return timed_out_object;
  return err;
}

}  // namespace warren::net
