// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest on a host, through libvirt: what attestation reads of it and does to it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sevcore/abi/measurement.hpp"
#include "sevcore/owner/secret.hpp"

struct _virConnect;
struct _virDomain;

namespace virtsev::cli {

/// What the host says about a launch. Nothing of it is to be believed before the measurement fits.
struct ReportedLaunch {
  sevcore::Measurement measurement;
  sevcore::FirmwareVersion firmware;
  sevcore::Policy policy;
  bool simulated = false;  ///< The host itself says so
};

enum class AttestedState : std::uint8_t {
  kOff,
  kAtLaunch,   ///< Paused, and nothing of it has run
  kSuspended,  ///< Paused, after it has run
  kOther
};

/// All members throw Error with libvirt's text.
class AttestedGuest {
 public:
  /// `domain`: its name or UUID.
  AttestedGuest(const std::string& uri, const std::string& domain);
  /// libvirt tells a guest that was started paused from one that was suspended only where the reason is
  /// another than a user's wish. virtsev's launch state decides; of QEMU's guests, the time that their vCPUs
  /// have used.
  [[nodiscard]] AttestedState state() const;
  void start_paused();
  [[nodiscard]] ReportedLaunch launch() const;
  void inject(const sevcore::SecretPacket& secret);
  void resume();
  void destroy();

 private:
  [[noreturn]] void fail(const std::string& what) const;
  [[nodiscard]] bool has_run() const;

  std::string name_;
  std::shared_ptr<_virConnect> connection_;
  std::shared_ptr<_virDomain> domain_;
};

}  // namespace virtsev::cli
