// SPDX-License-Identifier: MIT
#include "url_error.hpp"

#include <utility>

#include "quote.hpp"

namespace warren::http {

url_error::url_error(std::string op, std::string url, warren::error cause)
    : op_(std::move(op)), url_(std::move(url)), cause_(std::move(cause)) {}

std::string url_error::message() const { return op_ + ' ' + quote(url_) + ": " + cause_.message(); }

}  // namespace warren::http
