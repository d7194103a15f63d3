#pragma once

#include <stdexcept>
#include <string>

namespace logboom {

/// What is wrong with the settings of TLS, or with a file that they name.
class TlsError : public std::runtime_error {
 public:
  TlsError(std::string parameter, const std::string& message)
      : runtime_error(message), parameter_(std::move(parameter)) {}
  const std::string& parameter() const noexcept { return parameter_; }

 private:
  std::string parameter_;
};

}  // namespace logboom
