// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest on a host, through libvirt: what attestation reads of it and does to it.
#pragma once

#include <memory>
#include <string>

#include "sevcore/owner/measurement.hpp"
#include "sevcore/owner/secret.hpp"

struct _virConnect;
struct _virDomain;

namespace virtsev::cli {

/// What the host says about a launch. Nothing of it is to be believed before the measurement fits.
struct LaunchReport {
  sevcore::Measurement measurement;
  sevcore::FirmwareVersion firmware;
  sevcore::Policy policy;
  bool simulated = false;  ///< The host itself says so
};

enum class GuestState : std::uint8_t { kOff, kPaused, kOther };

/// All members throw Error with libvirt's text.
class Guest {
 public:
  /// `domain`: its name or UUID.
  Guest(const std::string& uri, const std::string& domain);
  [[nodiscard]] GuestState state() const;
  void start_paused();
  [[nodiscard]] LaunchReport launch() const;
  void inject(const sevcore::SecretPacket& secret);
  void resume();
  void destroy();

 private:
  [[noreturn]] void fail(const std::string& what) const;

  std::string name_;
  std::shared_ptr<_virConnect> connection_;
  std::shared_ptr<_virDomain> domain_;
};

}  // namespace virtsev::cli
