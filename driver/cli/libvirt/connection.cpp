// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/libvirt/connection.hpp"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::cli {

std::string last_libvirt_error() {
  const virError* error = virGetLastError();
  return error != nullptr && error->message != nullptr ? error->message : "?";
}

std::shared_ptr<virConnect> open_host(const std::string& uri) {
  // Without this, the library prints every error by itself, too.
  virSetErrorFunc(nullptr, [](void*, virErrorPtr) {});
  virConnectPtr connection = virConnectOpenAuth(uri.c_str(), virConnectAuthPtrDefault, 0);
  if (connection == nullptr) {
    return nullptr;
  }
  return {connection, [](virConnectPtr c) { virConnectClose(c); }};
}

std::shared_ptr<virConnect> connect_to_host(const std::string& uri) {
  auto connection = open_host(uri);
  if (!connection) {
    throw Error(ErrorCode::kNoConnect, text("{}: {}", uri, last_libvirt_error()));
  }
  return connection;
}

std::shared_ptr<virDomain> find_domain(virConnectPtr connection, const std::string& domain) {
  virDomainPtr found = virDomainLookupByName(connection, domain.c_str());
  if (found == nullptr) {
    const std::string reason = last_libvirt_error();
    found = virDomainLookupByUUIDString(connection, domain.c_str());
    if (found == nullptr) {
      throw Error(ErrorCode::kNoDomain, text("{}: {}", domain, reason));
    }
  }
  return {found, [](virDomainPtr d) { virDomainFree(d); }};
}

}  // namespace virtsev::cli
