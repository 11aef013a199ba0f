// SPDX-License-Identifier: MIT
#pragma once

// Certificates for tests, made when they are needed.

#include <string>
#include <vector>

namespace warren::tests {

struct pem_pair {
  std::string certificate;
  std::string key;
};

struct certificate_wish {
  std::vector<std::string> names{"localhost"};    ///< DNS names
  std::vector<std::string> addresses{"127.0.0.1"};  ///< IP addresses
  std::string common_name = "warren test";
  long begins_in = -3600;  ///< seconds from now
  long ends_in = 24 * 3600;
};

/// Signs certificates. Each has its own key.
class authority {
 public:
  authority();
  ~authority();
  authority(const authority&) = delete;
  authority& operator=(const authority&) = delete;

  const std::string& certificate() const { return pem_; }
  pem_pair issue(const certificate_wish& wish = {}) const;

 private:
  void* certificate_;
  void* key_;
  std::string pem_;
};

/// One for all tests that do not care.
const authority& the_authority();

/// A file in a new folder, removed with it.
class temporary_file {
 public:
  temporary_file(const std::string& name, const std::string& text);
  ~temporary_file();
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string folder_;
  std::string path_;
};

}  // namespace warren::tests
