// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "handler.hpp"

namespace warren::http {

/// Returns: a handler that answers with the files in a folder and in those below it, by the path of the URL; with ranges
/// and conditions as serve_content does. Of a folder it sends `index.html`, or else a page that lists what is there; a path
/// that ends with `/index.html`, or has a slash at its end too many or too few, is redirected.
///
/// Nothing outside the folder is ever sent: where a symbolic link leads there, the answer is 404.
/// Parks: while files are read. Source: Go http.FileServer, which follows such links.
handler_func file_server(std::string folder);

}  // namespace warren::http
