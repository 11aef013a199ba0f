// SPDX-License-Identifier: MIT
// file_server FOLDER [ADDRESS]: sends the files of a folder, or parts of them, by HTTP.
#include <warren/warren.hpp>
using namespace warren;

int main(int argc, char** argv) {
  return run([=] {
    std::string folder = argc > 1 ? argv[1] : ".";
    auto [l, err] = net::listen("tcp", argc > 2 ? argv[2] : ":8000");
    if (err == nil) {
      eprintln("listening on", l.addr());
      err = http::serve(l, http::file_server(folder));
    }
    eprintln(err);
    return 1;
  });
}
