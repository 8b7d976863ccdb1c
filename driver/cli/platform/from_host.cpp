// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/platform/from_host.hpp"

#include <optional>

#include <libvirt/libvirt.h>

#include "driver/cli/libvirt/connection.hpp"
#include "driver/cli/platform/chip_id.hpp"
#include "sevcore/base/base64.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {
namespace {

[[noreturn]] void fail(const std::string& uri) {
  const std::string hint = uri.rfind("sev:", 0) == 0 ? text(" (is virtsevd running there?)") : std::string();
  throw Error(ErrorCode::kNoConnect, text("{}: {}{}", uri, last_libvirt_error(), hint));
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
    const auto bytes = find(field, uri);
    if (!bytes) {
      throw Error(ErrorCode::kOperationFailed,
                  text("{}: the host gives no {} in its SEV information", uri, field));
    }
    add_certificates(set, *bytes, text("{} of {}", field, uri));
  }

  [[nodiscard]] std::optional<Bytes> find(const char* field, const std::string& uri) const {
    const char* value = nullptr;
    if (virTypedParamsGetString(list_, count_, field, &value) != 1) {
      return std::nullopt;
    }
    auto bytes = from_base64(value);
    if (!bytes) {
      throw Error(ErrorCode::kOperationFailed, text("{}: the host's {} is not base64", uri, field));
    }
    return bytes;
  }

 private:
  virTypedParameterPtr list_ = nullptr;
  int count_ = 0;
};

}  // namespace

CertificateSet certificates_of_host(const std::string& uri) {
  // libvirt allows this question on a read-write connection alone.
  const auto connection = open_host(uri);
  Parameters parameters;
  if (!connection || !parameters.read(connection.get())) {
    fail(uri);
  }
  CertificateSet set;
  parameters.add_to(set, VIR_NODE_SEV_PDH, uri);
  parameters.add_to(set, VIR_NODE_SEV_CERT_CHAIN, uri);
  // Not every version of libvirt and of the firmware tells it.
  if (const auto id = parameters.find(VIR_NODE_SEV_CPU0_ID, uri)) {
    set.chip_id = first_chip_id(*id);
  }
  return set;
}

}  // namespace virtsev::cli
