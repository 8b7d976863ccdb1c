// SPDX-License-Identifier: LGPL-2.1-or-later
// A host and its guests through libvirt's client library.
#pragma once

#include <memory>
#include <string>

struct _virConnect;
struct _virDomain;

namespace virtsev::cli {

/// What the library said last, on this thread; "?" where it said nothing.
std::string last_libvirt_error();

/// Null where the host refuses: last_libvirt_error() says why, and the library prints nothing by itself.
std::shared_ptr<_virConnect> open_host(const std::string& uri);
/// The same; throws Error(kNoConnect) with the library's text.
std::shared_ptr<_virConnect> connect_to_host(const std::string& uri);

/// `domain`: its name or UUID. Throws Error(kNoDomain).
std::shared_ptr<_virDomain> find_domain(_virConnect* connection, const std::string& domain);

}  // namespace virtsev::cli
