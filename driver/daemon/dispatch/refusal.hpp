// SPDX-License-Identifier: LGPL-2.1-or-later
// What other drivers do and virtsev does not: NO_SUPPORT, which tools understand, with the call's name and
// what virtsev does not have.
#pragma once

#include <cstdint>

namespace virtsev::daemon::dispatch {

struct Request;

/// What is missing; refusal.cpp has the words.
enum class Refusal : std::uint8_t {
  kNone,
  kSaving,
  kSnapshots,
  kVcpuChange,
  kTuning,
  kIoThreads,
  kBalloon,
  kMigration,
  kJobFlags,
  kAutostartOnce,
  kPassedFiles,
  kScreen,
  kAgent,
  kDisks,
  kInterfaces,
  kSleep,
  kInterrupt,
  kNativeFormats,
  kCpuModels,
  kHostFacts,
  kOldEvents,
  kNetworks,
  kHostInterfaces,
  kFilters,
  kStorage,
  kHostDevices,
  kPassthrough,
  kSecrets,
  kSasl,
};

/// Throws Error(kNoSupport) with the call's name, and the words.
[[noreturn]] void refuse(const Request& request, Refusal refusal);
/// The handler of rows that are nothing but a refusal.
void refuse_call(Request& request);

}  // namespace virtsev::daemon::dispatch
