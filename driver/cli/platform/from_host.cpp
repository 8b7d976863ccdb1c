// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/platform/from_host.hpp"

#include <memory>

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "sevcore/base/base64.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

[[noreturn]] void fail(const std::string& uri) {
  const virError* error = virGetLastError();
  const std::string hint = uri.rfind("sev:", 0) == 0 ? text(" (is virtsevd running there?)") : std::string();
  throw Error(
      ErrorCode::kNoConnect,
      text("{}: {}{}", uri, error != nullptr && error->message != nullptr ? error->message : "?", hint));
}

/// nodesevinfo's parameters.
class Parameters {
 public:
  Parameters() = default;
  Parameters(const Parameters&) = delete;
  Parameters& operator=(const Parameters&) = delete;
  ~Parameters() { virTypedParamsFree(list_, count_); }

  bool read(virConnectPtr connection) { return virNodeGetSEVInfo(connection, &list_, &count_, 0) == 0; }

  void add_to(CertificateSet& set, const char* field, const std::string& uri) const {
    const char* value = nullptr;
    if (virTypedParamsGetString(list_, count_, field, &value) != 1) {
      throw Error(ErrorCode::kOperationFailed,
                  text("{}: the host gives no {} in its SEV information", uri, field));
    }
    const auto bytes = from_base64(value);
    if (!bytes) {
      throw Error(ErrorCode::kOperationFailed, text("{}: the host's {} is not base64", uri, field));
    }
    add_certificates(set, *bytes, text("{} of {}", field, uri));
  }

 private:
  virTypedParameterPtr list_ = nullptr;
  int count_ = 0;
};

}  // namespace

CertificateSet certificates_of_host(const std::string& uri) {
  // Without this, the library prints every error by itself, too.
  virSetErrorFunc(nullptr, [](void*, virErrorPtr) {});
  // libvirt allows this question on a read-write connection alone.
  const std::unique_ptr<virConnect, int (*)(virConnectPtr)> connection(
      virConnectOpenAuth(uri.c_str(), virConnectAuthPtrDefault, 0), virConnectClose);
  Parameters parameters;
  if (!connection || !parameters.read(connection.get())) {
    fail(uri);
  }
  CertificateSet set;
  parameters.add_to(set, VIR_NODE_SEV_PDH, uri);
  parameters.add_to(set, VIR_NODE_SEV_CERT_CHAIN, uri);
  return set;
}

}  // namespace virtsev::cli
