// SPDX-License-Identifier: LGPL-2.1-or-later
// Which images check a kernel's hashes: told by their code, not by the table at their end.
#include "driver/boot/ovmf/hash_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/driver/boot/ovmf/synthetic_firmware.hpp"
#include "tests/driver/boot/ovmf/synthetic_volume.hpp"

namespace virtsev::boot::ovmf {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr const char* kCommandLine = "97d02dd8-bd20-4c94-aa78-e7714d36ab2a";
constexpr const char* kInitrd = "44baf731-3a2f-4bd7-9af1-41e29169781d";
constexpr const char* kKernel = "4de79437-abd2-427f-b835-d5b172d2045b";

Bytes image_with(const std::vector<std::vector<const char*>>& modules) {
  std::vector<Bytes> files;
  for (const auto& guids : modules) {
    files.push_back(test::file(test::kDriver, test::section(test::kPe32, test::code_with(guids))));
  }
  return test::volume(files, 8192);
}

TEST(HashCheck, IsThereWhereOneModuleLooksForAllThree) {
  EXPECT_EQ(find_hash_check(image_with({{}, {kKernel, kCommandLine, kInitrd}, {}})), HashCheck::kThere);
  EXPECT_EQ(find_hash_check(test::synthetic_firmware()), HashCheck::kThere) << "in a packed volume";
}

TEST(HashCheck, IsNotThereWhereOneIsMissing) {
  for (const auto& two : std::vector<std::vector<const char*>>{
           {}, {kKernel, kInitrd}, {kKernel, kCommandLine}, {kInitrd, kCommandLine}}) {
    EXPECT_EQ(find_hash_check(image_with({two})), HashCheck::kNotThere);
  }
  EXPECT_EQ(find_hash_check(image_with({{kKernel}, {kInitrd}, {kCommandLine}})), HashCheck::kNotThere)
      << "no module checks all of them";
}

TEST(HashCheck, IsNotThereWhereOnlyTheTableSaysSo) {
  test::Table table;
  table.checks_hashes = false;
  EXPECT_EQ(find_hash_check(test::synthetic_firmware(table)), HashCheck::kNotLegible) << "it has no volume";
  Bytes bare = test::synthetic_firmware(table);
  const Bytes volume = test::volume({}, 4096);
  std::copy(volume.begin(), volume.end(), bare.begin());
  EXPECT_EQ(find_hash_check(bare), HashCheck::kNotThere);
}

TEST(HashCheck, IsNotSeenInBytesThatAreNoCode) {
  const Bytes code = test::code_with({kKernel, kInitrd, kCommandLine});
  Bytes image = test::volume({test::file(0x01, code)}, 4096);
  image.insert(image.end(), code.begin(), code.end());
  EXPECT_EQ(find_hash_check(image), HashCheck::kNotThere);
}

TEST(HashCheck, IsUnknownWhereAPartCouldNotBeRead) {
  const Bytes packed = test::guided_section("3d532050-5cda-4fd0-879e-0f7f630d5afb", 1,
                                            test::code_with({kKernel, kInitrd, kCommandLine}));
  EXPECT_EQ(find_hash_check(test::volume({test::file(test::kDriver, packed)}, 4096)), HashCheck::kNotLegible);
}

TEST(HashCheck, IsOfNoConsequenceInTheEndOfAnImageFromWhichNothingBoots) {
  EXPECT_EQ(find_hash_check(Bytes(4096, 0x90)), HashCheck::kEndOnly);
  EXPECT_EQ(find_hash_check(Bytes(8192, 0x90)), HashCheck::kNotLegible);
}

TEST(HashCheck, SaysWhatToUseInstead) {
  for (const HashCheck check : {HashCheck::kNotThere, HashCheck::kNotLegible}) {
    EXPECT_THAT(explain(check, "/fw/OVMF.fd"),
                AllOf(HasSubstr("/fw/OVMF.fd"), HasSubstr("AmdSev"), HasSubstr("--firmware-digest")));
  }
}

}  // namespace
}  // namespace virtsev::boot::ovmf
