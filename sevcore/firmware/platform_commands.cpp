// SPDX-License-Identifier: LGPL-2.1-or-later
// The commands on the platform: SEV API, chapter 5 (platform management).
#include "sevcore/abi/firmware_version.hpp"
#include "sevcore/firmware/firmware_core.hpp"

namespace virtsev::sevcore {

FirmwareStatus FirmwareCore::init(InitBuffer& buffer) {
  if (initialized_) {
    return FirmwareStatus::kInvalidPlatformState;
  }
  if (buffer.reserved != 0 || (buffer.flags & ~kInitEs) != 0) {
    return FirmwareStatus::kInvalidParameter;
  }
  // The trusted memory region, where hardware keeps its copies of registers, has no use here: any is taken.
  initialized_ = true;
  es_enabled_ = (buffer.flags & kInitEs) != 0;
  return FirmwareStatus::kSuccess;
}

FirmwareStatus FirmwareCore::shutdown() {
  if (!initialized_) {
    return FirmwareStatus::kInvalidPlatformState;
  }
  guests_.clear();
  dirty_asids_.clear();
  initialized_ = false;
  es_enabled_ = false;
  return FirmwareStatus::kSuccess;
}

FirmwareStatus FirmwareCore::platform_reset() {
  if (state() != PlatformState::kUninitialized) {
    return FirmwareStatus::kInvalidPlatformState;
  }
  renew_pek(identity_);
  return FirmwareStatus::kSuccess;
}

FirmwareStatus FirmwareCore::pek_gen() {
  if (state() != PlatformState::kInitialized) {
    return FirmwareStatus::kInvalidPlatformState;
  }
  renew_pek(identity_);
  return FirmwareStatus::kSuccess;
}

FirmwareStatus FirmwareCore::pdh_gen() {
  if (!initialized_) {
    return FirmwareStatus::kInvalidPlatformState;
  }
  renew_pdh(identity_);
  return FirmwareStatus::kSuccess;
}

FirmwareStatus FirmwareCore::platform_status(PlatformStatusBuffer& buffer) {
  const std::uint32_t elsewhere = guests_elsewhere_ ? guests_elsewhere_() : 0;
  buffer.api_major = kFirmwareVersion.api_major;
  buffer.api_minor = kFirmwareVersion.api_minor;
  buffer.build = kFirmwareVersion.build;
  buffer.state = static_cast<std::uint8_t>(state());
  buffer.flags = (es_enabled_ ? kPlatformEs : 0) | (identity_.owned() ? kPlatformOwned : 0);
  buffer.guest_count = static_cast<std::uint32_t>(guests_.size()) + elsewhere;
  return FirmwareStatus::kSuccess;
}

FirmwareStatus FirmwareCore::pdh_cert_export(PdhCertExportBuffer& buffer) {
  if (!initialized_) {
    return FirmwareStatus::kInvalidPlatformState;
  }
  if (buffer.pdh_length < kCertificateSize || buffer.chain_length < kCertificateChainSize) {
    buffer.pdh_length = kCertificateSize;
    buffer.chain_length = kCertificateChainSize;
    return FirmwareStatus::kInvalidLength;
  }
  buffer.pdh_length = kCertificateSize;
  buffer.chain_length = kCertificateChainSize;
  if (!memory_.write(buffer.pdh_address, serialise(identity_.certificates.pdh)) ||
      !memory_.write(buffer.chain_address, serialise_chain(identity_.certificates))) {
    return FirmwareStatus::kInvalidAddress;
  }
  return FirmwareStatus::kSuccess;
}

FirmwareStatus FirmwareCore::get_id(OutputBuffer& buffer) {
  const bool too_short = buffer.length < kChipIdSize;
  buffer.length = kChipIdSize;
  if (too_short) {
    return FirmwareStatus::kInvalidLength;
  }
  return memory_.write(buffer.address, identity_.chip_id) ? FirmwareStatus::kSuccess
                                                          : FirmwareStatus::kInvalidAddress;
}

FirmwareStatus FirmwareCore::df_flush() {
  if (!initialized_) {
    return FirmwareStatus::kInvalidPlatformState;
  }
  dirty_asids_.clear();
  return FirmwareStatus::kSuccess;
}

}  // namespace virtsev::sevcore
