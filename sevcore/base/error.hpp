// SPDX-License-Identifier: LGPL-2.1-or-later
// What a user asked wrongly, or the host refuses: the one exception type of the project.
#pragma once

#include <stdexcept>
#include <string>

namespace virtsev {

/// The kinds of failure that a user can meet. The numbers are those of libvirt's virErrorNumber
/// (libvirt/virterror.h), so that virtsevd passes them on unchanged.
enum class ErrorCode : int {
  kInternal = 1,
  kNoSupport = 3,
  kNoConnect = 5,
  kInvalidArgument = 8,
  kOperationFailed = 9,
  kXmlError = 27,
  kDomainExists = 28,
  kOperationDenied = 29,
  kSystemError = 38,
  kRpc = 39,
  kNoDomain = 42,
  kNoNetwork = 43,
  kAuthFailed = 45,
  kNoStoragePool = 49,
  kOperationInvalid = 55,
  kConfigUnsupported = 67,
  kOperationTimeout = 68,
  kArgumentUnsupported = 74,
  kOperationAborted = 78,
  kNoDomainMetadata = 80,
  kOperationUnsupported = 84,
  kResourceBusy = 87,
  kAccessDenied = 88,
  kXmlInvalidSchema = 92,
};

/// what() is the text that the user of virsh or virtsev reads: it names the element, option or file at fault,
/// says what is wrong, and what to do next.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& text) : std::runtime_error(text), code_(code) {}
  [[nodiscard]] ErrorCode code() const { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace virtsev
