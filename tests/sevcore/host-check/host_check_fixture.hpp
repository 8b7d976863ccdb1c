// SPDX-License-Identifier: LGPL-2.1-or-later
// A made-up host: processor, directories, /dev/sev.
#pragma once

#include <cerrno>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "sevcore/host-check/host_check.hpp"

namespace virtsev::sevcore {

namespace fs = std::filesystem;

inline constexpr CpuidLeaf kAmd{0x10, 0x68747541, 0x444d4163, 0x69746e65};
inline constexpr CpuidLeaf kIntel{0x10, 0x756e6547, 0x6c65746e, 0x49656e69};
/// SME, SEV, SEV-ES, SEV-SNP; C-bit 51, 5 bits fewer; 509 guests, the first 99 of them SEV-ES.
inline constexpr CpuidLeaf kMilan{0x1001b, 51 | 5 << 6, 509, 100};

/// /dev/sev of a host: answers PLATFORM_STATUS, and SNP_PLATFORM_STATUS where SNP is initialised.
class FakeDevice : public SevDevice {
 public:
  FakeDevice(const PlatformStatusArguments& status, Outcome outcome,
             std::optional<SnpPlatformStatusArguments> snp)
      : status_(status), outcome_(outcome), snp_(snp) {}
  Outcome issue(PlatformCommand command, void* data) override {
    if (command == PlatformCommand::kSnpPlatformStatus) {
      if (!snp_) {
        return {EINVAL, kNoFirmwareCall};
      }
      *static_cast<SnpPlatformStatusArguments*>(data) = *snp_;
      return {};
    }
    EXPECT_EQ(command, PlatformCommand::kPlatformStatus);
    *static_cast<PlatformStatusArguments*>(data) = status_;
    return outcome_;
  }
  [[nodiscard]] bool simulated() const override { return false; }

 private:
  PlatformStatusArguments status_;
  Outcome outcome_;
  std::optional<SnpPlatformStatusArguments> snp_;
};

class HostCheckTest : public ::testing::Test {
 protected:
  HostCheckTest() {
    std::string pattern = (fs::temp_directory_path() / "virtsev-test-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    fs::create_directories(parameters());
    write(parameters() / "sev", "Y\n");
    write(parameters() / "sev_es", "Y\n");
    write(parameters() / "sev_snp", "Y\n");
    fs::create_directories(root_ / "dev");
    write(root_ / "dev" / "kvm", "");
    write(root_ / "dev" / "sev", "");
  }
  ~HostCheckTest() override { fs::remove_all(root_); }

  fs::path parameters() { return root_ / "sys/module/kvm_amd/parameters"; }
  static void write(const fs::path& path, const char* content) { std::ofstream(path) << content; }

  CpuidLeaf cpuid(std::uint32_t leaf) const {
    switch (leaf) {
      case 0:
        return vendor_;
      case 1:
        return CpuidLeaf{signature_, 0, 0, 0};
      case 0x80000000:
        return CpuidLeaf{max_leaf_, 0, 0, 0};
      case 0x8000001f:
        return leaf_;
      default:
        return CpuidLeaf{};
    }
  }
  HostCheck check() {
    HostRoots roots;
    roots.sys = (root_ / "sys").string();
    roots.dev = (root_ / "dev").string();
    roots.cpuid = [this](std::uint32_t leaf) { return cpuid(leaf); };
    roots.kernel_release = [this] { return release_; };
    roots.memory_lock_limit = [this] { return memory_lock_limit_; };
    roots.open_sev = [this](const std::string& path) -> std::unique_ptr<SevDevice> {
      const auto opened = open_sev_device(path);
      return opened ? std::make_unique<FakeDevice>(status_, outcome_, snp_) : nullptr;
    };
    roots.vm_types = [this](const std::string&) { return vm_types_; };
    roots.ask_firmware = ask_firmware_;
    return check_host(roots);
  }
  static std::vector<HostPart> parts(const std::vector<HostFinding>& findings) {
    std::vector<HostPart> out;
    for (const HostFinding& finding : findings) {
      EXPECT_FALSE(finding.problem.empty());
      EXPECT_FALSE(finding.next_step.empty());
      out.push_back(finding.part);
    }
    return out;
  }

  fs::path root_;
  CpuidLeaf vendor_ = kAmd;
  std::uint32_t max_leaf_ = 0x80000021;
  CpuidLeaf leaf_ = kMilan;
  std::string release_ = "6.12.3-amd64";
  std::optional<std::uint64_t> memory_lock_limit_;
  PlatformStatusArguments status_ = {.api_major = 1,
                                     .api_minor = 55,
                                     .state = static_cast<std::uint8_t>(PlatformState::kInitialized),
                                     .flags = kPlatformEs,
                                     .build = 24,
                                     .guest_count = 3};
  Outcome outcome_;
  bool ask_firmware_ = true;
  std::uint32_t signature_ = kMilanSignature;
  std::optional<SnpPlatformStatusArguments> snp_;
  std::uint32_t vm_types_ = 0;

  static constexpr std::uint32_t kMilanSignature = 0x00a00f11;  ///< Family 0x19, model 1
  static constexpr std::uint32_t kTurinSignature = 0x00b00f21;  ///< Family 0x1a, model 2
  void initialize_snp(std::uint64_t tcb) {
    snp_ = SnpPlatformStatusArguments{.state = kSnpInitialized, .current_tcb = tcb};
  }
};

}  // namespace virtsev::sevcore
