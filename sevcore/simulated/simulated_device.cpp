// SPDX-License-Identifier: LGPL-2.1-or-later
// The simulated /dev/sev: answers as Linux's drivers/crypto/ccp/sev-dev.c does.
#include <algorithm>
#include <cerrno>

#include "sevcore/abi/firmware_version.hpp"
#include "sevcore/simulated/simulated_host.hpp"
#include "sevcore/simulated/user_ranges.hpp"

namespace virtsev::sevcore {
namespace {

std::uint64_t address_of(Bytes& buffer) { return reinterpret_cast<std::uintptr_t>(buffer.data()); }

/// The most that Linux allocates in one piece; GET_ID2 has no limit of its own.
constexpr std::uint32_t kMostAllocated = 4U << 20;

class SimulatedDevice : public SevDevice {
 public:
  SimulatedDevice(SimulatedHost& host, DeviceAccess access) : host_(host), access_(access) {}
  Outcome issue(PlatformCommand command, void* data) override;
  [[nodiscard]] bool simulated() const override { return true; }

 private:
  FirmwareStatus submit_initialized(MailboxCommand command);
  Outcome platform_status(void* data);
  Outcome snp_platform_status(void* data);
  Outcome pdh_cert_export(void* data);
  Outcome get_id(void* data);
  Outcome get_id2(void* data);
  Outcome pek_csr(void* data);
  Outcome pek_cert_import(void* data);
  /// What the firmware writes; its length alone where address or length is 0. More than `limit` is refused.
  template <typename Arguments>
  Outcome fetch(MailboxCommand command, void* data, std::uint32_t limit, int beyond_limit);

  [[nodiscard]] bool writable() const { return access_ == DeviceAccess::kReadWrite && host_.writable(); }

  SimulatedHost& host_;
  DeviceAccess access_;
};

Outcome SimulatedDevice::issue(PlatformCommand command, void* data) {
  switch (command) {
    case PlatformCommand::kFactoryReset:
      return writable() ? host_.factory_reset() : refusal(EPERM);
    case PlatformCommand::kPlatformStatus:
      return platform_status(data);
    case PlatformCommand::kPekGen:
      return writable() ? outcome_of(submit_initialized(MailboxCommand::kPekGen)) : refusal(EPERM);
    case PlatformCommand::kPdhGen:
      return writable() ? outcome_of(submit_initialized(MailboxCommand::kPdhGen)) : refusal(EPERM);
    case PlatformCommand::kPdhCertExport:
      return pdh_cert_export(data);
    case PlatformCommand::kGetId:
      return get_id(data);
    case PlatformCommand::kGetId2:
      return get_id2(data);
    case PlatformCommand::kPekCsr:
      return pek_csr(data);
    case PlatformCommand::kPekCertImport:
      return pek_cert_import(data);
    case PlatformCommand::kSnpPlatformStatus:
      return snp_platform_status(data);
  }
  return refusal(EINVAL);
}

FirmwareStatus SimulatedDevice::submit_initialized(MailboxCommand command) {
  host_.ensure_initialized();
  return host_.submit(command);
}

Outcome SimulatedDevice::platform_status(void* data) {
  if (data == nullptr) {
    return refusal(EFAULT);
  }
  PlatformStatusBuffer buffer;
  const FirmwareStatus status = host_.submit(MailboxCommand::kPlatformStatus, buffer);
  copy_out(data, buffer);
  return outcome_of(status);
}

Outcome SimulatedDevice::snp_platform_status(void* data) {
  if (host_.settings().snp_initialized == 0 || data == nullptr) {
    return refusal(EINVAL);
  }
  SnpPlatformStatusArguments answer;
  answer.api_major = kFirmwareVersion.api_major;
  answer.api_minor = kFirmwareVersion.api_minor;
  answer.build = kFirmwareVersion.build;
  answer.state = kSnpInitialized;
  answer.rmp = 1;
  // As EPYC 7003 has it: the first one whose firmware runs no SEV-ES guests beside SNP.
  constexpr std::uint64_t kSecurityVersion = 0x1b;
  answer.current_tcb = answer.reported_tcb = kSecurityVersion << 48;
  copy_out(data, answer);
  return {};
}

Outcome SimulatedDevice::pdh_cert_export(void* data) {
  PdhCertExportArguments arguments;
  if (!copy_in(data, arguments)) {
    return refusal(EFAULT);
  }
  if (!writable() && !host_.initialized()) {
    return refusal(EPERM);  // Linux lets only a writer make the platform ready
  }
  host_.ensure_initialized();
  Bytes pdh;
  Bytes chain;
  PdhCertExportBuffer buffer;
  const bool query = arguments.pdh_address == 0 || arguments.pdh_length == 0 ||
                     arguments.chain_address == 0 || arguments.chain_length == 0;
  if (!query) {
    if (arguments.pdh_length > kMaxBlobSize || arguments.chain_length > kMaxBlobSize) {
      return refusal(EFAULT);
    }
    pdh.resize(arguments.pdh_length);
    chain.resize(arguments.chain_length);
    buffer.pdh_address = address_of(pdh);
    buffer.pdh_length = arguments.pdh_length;
    buffer.chain_address = address_of(chain);
    buffer.chain_length = arguments.chain_length;
  }
  const FirmwareStatus status = host_.submit(MailboxCommand::kPdhCertExport, buffer);
  arguments.pdh_length = buffer.pdh_length;
  arguments.chain_length = buffer.chain_length;
  copy_out(data, arguments);
  if (status == FirmwareStatus::kSuccess) {
    std::copy_n(pdh.data(), buffer.pdh_length, reinterpret_cast<std::uint8_t*>(arguments.pdh_address));
    std::copy_n(chain.data(), buffer.chain_length, reinterpret_cast<std::uint8_t*>(arguments.chain_address));
  }
  return outcome_of(status);
}

Outcome SimulatedDevice::get_id(void* data) {
  if (data == nullptr) {
    return refusal(EFAULT);
  }
  GetIdArguments answer;  // One socket: the second id stays zeros
  Bytes id(kChipIdSize);
  OutputBuffer buffer{address_of(id), kChipIdSize};
  const FirmwareStatus status = host_.submit(MailboxCommand::kGetId, buffer);
  std::copy(id.begin(), id.end(), answer.socket1);
  copy_out(data, answer);
  return outcome_of(status);
}

template <typename Arguments>
Outcome SimulatedDevice::fetch(MailboxCommand command, void* data, std::uint32_t limit, int beyond_limit) {
  Arguments arguments;
  if (!copy_in(data, arguments)) {
    return refusal(EFAULT);
  }
  Bytes blob;
  OutputBuffer buffer;
  if (arguments.address != 0 && arguments.length != 0) {
    if (arguments.length > limit) {
      return refusal(beyond_limit);
    }
    blob.resize(arguments.length);
    buffer = {address_of(blob), arguments.length};
  }
  const FirmwareStatus status = host_.submit(command, buffer);
  arguments.length = buffer.length;
  copy_out(data, arguments);
  if (status == FirmwareStatus::kSuccess) {
    std::copy_n(blob.data(), buffer.length, reinterpret_cast<std::uint8_t*>(arguments.address));
  }
  return outcome_of(status);
}

Outcome SimulatedDevice::get_id2(void* data) {
  return fetch<GetId2Arguments>(MailboxCommand::kGetId, data, kMostAllocated, ENOMEM);
}

Outcome SimulatedDevice::pek_csr(void* data) {
  if (!writable()) {
    return refusal(EPERM);
  }
  host_.ensure_initialized();
  return fetch<PekCsrArguments>(MailboxCommand::kPekCsr, data, kMaxBlobSize, EFAULT);
}

Outcome SimulatedDevice::pek_cert_import(void* data) {
  if (!writable()) {
    return refusal(EPERM);
  }
  PekCertImportArguments arguments;
  if (!copy_in(data, arguments)) {
    return refusal(EFAULT);
  }
  if (!is_blob(arguments.pek_address, arguments.pek_length) ||
      !is_blob(arguments.oca_address, arguments.oca_length)) {
    return refusal(EINVAL);
  }
  host_.ensure_initialized();
  PekCertImportBuffer buffer;
  buffer.pek_address = arguments.pek_address;
  buffer.pek_length = arguments.pek_length;
  buffer.oca_address = arguments.oca_address;
  buffer.oca_length = arguments.oca_length;
  return outcome_of(host_.submit(MailboxCommand::kPekCertImport, buffer));
}

}  // namespace

std::unique_ptr<SevDevice> make_simulated_device(SimulatedHost& host, DeviceAccess access) {
  return std::make_unique<SimulatedDevice>(host, access);
}

}  // namespace virtsev::sevcore
