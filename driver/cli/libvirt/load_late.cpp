// SPDX-License-Identifier: LGPL-2.1-or-later
// libvirt's client library, loaded when a command first calls it. Linked as usual, it and the forty libraries
// behind it would take longer to load than `virtsev measure` takes to hash a firmware; and most commands need
// no host at all. These functions have the library's own names and types, so that callers use its headers;
// one that is missing here is an error of the linker.
#include <string>

#include <dlfcn.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace {

constexpr const char* kLibrary = "libvirt.so.0";

/// Throws Error where the library is not installed.
void* symbol(const char* name) {
  static void* const kLoaded = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  void* const found = kLoaded != nullptr ? ::dlsym(kLoaded, name) : nullptr;
  if (found == nullptr) {
    const char* const reason = ::dlerror();
    throw virtsev::Error(
        virtsev::ErrorCode::kNoSupport,
        virtsev::text("libvirt's client library can't be used: {}; install it (Debian: libvirt0)",
                      reason != nullptr ? reason : kLibrary));
  }
  return found;
}

/// The library's function of the type that its header declares.
template <typename Function>
Function* in_library(const char* name) {
  return reinterpret_cast<Function*>(symbol(name));
}

}  // namespace

// NOLINTBEGIN(readability-identifier-naming, bugprone-macro-parentheses): the names are libvirt's; a list of
// parameters has its own parentheses.
#define FORWARD(result, name, parameters, arguments)                  \
  extern "C" result name parameters {                                 \
    static auto* const kFunction = in_library<decltype(name)>(#name); \
    return kFunction arguments;                                       \
  }

/// The library's own is read from it when it is used: it is a variable, and not there before.
extern "C" {
virConnectAuthPtr virConnectAuthPtrDefault = nullptr;
}

extern "C" virConnectPtr virConnectOpenAuth(const char* name, virConnectAuthPtr auth, unsigned int flags) {
  static auto* const kFunction = in_library<decltype(virConnectOpenAuth)>("virConnectOpenAuth");
  return kFunction(
      name, auth != nullptr ? auth : *static_cast<virConnectAuthPtr*>(symbol("virConnectAuthPtrDefault")),
      flags);
}

FORWARD(int, virConnectClose, (virConnectPtr connection), (connection))
FORWARD(void, virSetErrorFunc, (void* data, virErrorFunc handler), (data, handler))
FORWARD(virErrorPtr, virGetLastError, (), ())
FORWARD(int, virNodeGetSEVInfo,
        (virConnectPtr connection, virTypedParameterPtr* list, int* count, unsigned int flags),
        (connection, list, count, flags))
FORWARD(virDomainPtr, virDomainLookupByName, (virConnectPtr connection, const char* name), (connection, name))
FORWARD(virDomainPtr, virDomainLookupByUUIDString, (virConnectPtr connection, const char* uuid),
        (connection, uuid))
FORWARD(int, virDomainFree, (virDomainPtr domain), (domain))
FORWARD(int, virDomainGetState, (virDomainPtr domain, int* state, int* reason, unsigned int flags),
        (domain, state, reason, flags))
FORWARD(int, virDomainGetVcpus,
        (virDomainPtr domain, virVcpuInfoPtr info, int most, unsigned char* maps, int length),
        (domain, info, most, maps, length))
FORWARD(int, virDomainCreateWithFlags, (virDomainPtr domain, unsigned int flags), (domain, flags))
FORWARD(int, virDomainResume, (virDomainPtr domain), (domain))
FORWARD(int, virDomainDestroy, (virDomainPtr domain), (domain))
FORWARD(int, virDomainGetLaunchSecurityInfo,
        (virDomainPtr domain, virTypedParameterPtr* list, int* count, unsigned int flags),
        (domain, list, count, flags))
FORWARD(int, virDomainSetLaunchSecurityState,
        (virDomainPtr domain, virTypedParameterPtr list, int count, unsigned int flags),
        (domain, list, count, flags))
FORWARD(void, virTypedParamsFree, (virTypedParameterPtr list, int count), (list, count))
FORWARD(int, virTypedParamsGetString,
        (virTypedParameterPtr list, int count, const char* name, const char** value),
        (list, count, name, value))
FORWARD(int, virTypedParamsGetUInt,
        (virTypedParameterPtr list, int count, const char* name, unsigned int* value),
        (list, count, name, value))
FORWARD(int, virTypedParamsAddString,
        (virTypedParameterPtr * list, int* count, int* room, const char* name, const char* value),
        (list, count, room, name, value))
FORWARD(int, virDomainOpenChannel,
        (virDomainPtr domain, const char* name, virStreamPtr stream, unsigned int flags),
        (domain, name, stream, flags))
FORWARD(virStreamPtr, virStreamNew, (virConnectPtr connection, unsigned int flags), (connection, flags))
FORWARD(int, virStreamSend, (virStreamPtr stream, const char* data, std::size_t size), (stream, data, size))
FORWARD(int, virStreamRecv, (virStreamPtr stream, char* data, std::size_t size), (stream, data, size))
FORWARD(int, virStreamAbort, (virStreamPtr stream), (stream))
FORWARD(int, virStreamFree, (virStreamPtr stream), (stream))
FORWARD(int, virStreamEventAddCallback,
        (virStreamPtr stream, int events, virStreamEventCallback callback, void* data, virFreeCallback free),
        (stream, events, callback, data, free))
FORWARD(int, virStreamEventUpdateCallback, (virStreamPtr stream, int events), (stream, events))
FORWARD(int, virStreamEventRemoveCallback, (virStreamPtr stream), (stream))
FORWARD(int, virEventRegisterDefaultImpl, (), ())
FORWARD(int, virEventRunDefaultImpl, (), ())
FORWARD(int, virEventAddHandle,
        (int fd, int events, virEventHandleCallback callback, void* data, virFreeCallback free),
        (fd, events, callback, data, free))
FORWARD(void, virEventUpdateHandle, (int watch, int events), (watch, events))
FORWARD(int, virEventRemoveHandle, (int watch), (watch))
// NOLINTEND(readability-identifier-naming, bugprone-macro-parentheses)
