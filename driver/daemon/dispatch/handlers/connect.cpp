// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include <libvirt/libvirt.h>
#include <unistd.h>

#include "driver/daemon/dispatch/codec.hpp"
#include "driver/daemon/dispatch/handlers/handlers.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon::dispatch {

namespace {

constexpr const char* kSystemUri = "sev:///system";
constexpr const char* kSessionUri = "sev:///session";

/// The second name of each is QEMU's: by its scheme, stock tools (virt-install, virt-manager, Terraform)
/// choose virtio devices for a new guest. Such a client came to this socket by its path (socket=), so it
/// knows whom it asks; virConnectGetType says SEV to all.
constexpr std::array<std::string_view, 4> kServed = {kSystemUri, kSessionUri, "qemu:///system",
                                                     "qemu:///session"};

/// The canonical form of a URI that is ours. Clients leave the transport, the host and their own parameters
/// out; what follows a `?` is dropped. Both paths are taken on each socket: which daemon answers was the
/// client's choice of socket.
std::string canonical_uri(const std::optional<std::string>& name) {
  if (!name || name->empty()) {
    return geteuid() == 0 ? kSystemUri : kSessionUri;
  }
  const std::string_view uri = std::string_view(*name).substr(0, name->find('?'));
  if (std::find(kServed.begin(), kServed.end(), uri) != kServed.end()) {
    return std::string(uri);
  }
  for (const std::string scheme : {"sev", "qemu"}) {
    if (uri.starts_with(scheme + ":")) {
      throw Error(ErrorCode::kInvalidArgument,
                  text("there is no '{0}' here: write {1}:///system or {1}:///session", uri, scheme));
    }
  }
  throw Error(ErrorCode::kNoConnect,
              text("no connection driver available for {}: virtsevd serves only {} and {}", uri, kSystemUri,
                   kSessionUri));
}

/// VIRTSEV_VERSION as libvirt counts: major * 1,000,000 + minor * 1,000 + micro.
std::uint64_t own_version() {
  const std::string_view version = VIRTSEV_VERSION;
  std::uint64_t total = 0;
  std::uint64_t weight = 1000000;
  const char* at = version.data();
  const char* const end = at + version.size();
  while (at < end && weight > 0) {
    std::uint64_t part = 0;
    at = std::from_chars(at, end, part).ptr + 1;  // past the dot
    total += part * weight;
    weight /= 1000;
  }
  return total;
}

}  // namespace

void auth_list(Request& request) {
  constexpr std::int32_t kNone = 0;  // REMOTE_AUTH_NONE: the socket's mode, and the peer's uid, decide
  request.out.put_uint32(1);
  request.out.put_int32(kNone);
}

void auth_polkit(Request&) {
  throw Error(ErrorCode::kAuthFailed, text("no polkit authentication is asked for on this socket"));
}

void connect_open(Request& request) {
  const std::optional<std::string> name = get_optional_text(request.in);
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  if (request.session.open) {
    throw Error(ErrorCode::kInternal, text("connection already open"));
  }
  check_flags(request, flags, VIR_CONNECT_RO | VIR_CONNECT_NO_ALIASES);
  request.session.uri = canonical_uri(name);
  request.session.read_only = request.session.read_only || (flags & VIR_CONNECT_RO) != 0;
  request.session.open = true;
  request.client.set_open();
}

void connect_close(Request& request) { request.client.close_after_reply(); }

void connect_supports_feature(Request& request) {
  const std::int32_t feature = request.in.get_int32();
  end_arguments(request);
  // libvirt's src/libvirt_internal.h, VIR_DRV_FEATURE_*. All that is not here, migration in the first place,
  // is not there.
  constexpr std::int32_t kFdPassing = 8, kTypedParameterStrings = 9, kProgramKeepalive = 10,
                         kEventCallback = 14, kCloseCallback = 15, kNetworkUpdateOrder = 16;
  bool supported = false;
  switch (feature) {
    case kProgramKeepalive:
      request.client.start_keepalive();
      supported = true;
      break;
    case kFdPassing:
    case kTypedParameterStrings:
    case kEventCallback:
    case kCloseCallback:
    case kNetworkUpdateOrder:
      supported = true;
      break;
    default:
      break;
  }
  if (feature != kProgramKeepalive && !request.session.open) {
    throw Error(ErrorCode::kInternal, text("hypervisor connection not open"));
  }
  request.out.put_int32(supported ? 1 : 0);
}

/// virtproxyd says for whom it speaks. Whoever may write here may do all there is, so nothing is decided by
/// it here; libvirt's other daemons are told.
void connect_set_identity(Request& request) {
  const ByteView said = request.in.rest();
  constexpr std::uint32_t kMaxParameters = 20;  // REMOTE_CONNECT_IDENTITY_PARAMS_MAX
  get_typed_parameters(request.in, kMaxParameters);
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  check_flags(request, flags, 0);
  if (!request.session.read_only) {
    request.session.identity.assign(said.begin(), said.end());
  }
}

/// The event (362) tells of a hypervisor connection lost behind the daemon: there is none here that could be.
void connect_close_callback(Request&) {}

void connect_get_type(Request& request) { request.out.put_string("SEV"); }

void connect_get_version(Request& request) { request.out.put_uint64(own_version()); }

void connect_get_lib_version(Request& request) {
  // The libvirt whose protocol and behaviour this daemon follows: tools choose by it what they may ask for.
  constexpr std::uint64_t kLibvirtLevel = 9000000;
  request.out.put_uint64(kLibvirtLevel);
}

void connect_get_uri(Request& request) { request.out.put_string(request.session.uri); }

void connect_is_secure(Request& request) { request.out.put_int32(1); }  // a UNIX socket

}  // namespace virtsev::daemon::dispatch
