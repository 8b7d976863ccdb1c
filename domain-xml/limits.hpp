// SPDX-License-Identifier: LGPL-2.1-or-later
// What machine version 1.0 can be. The same numbers as driver/spec/boot_specification.hpp, which this folder
// may not use; a test of driver/spec-from-xml holds the two together.
#pragma once

#include <cstddef>
#include <cstdint>

namespace virtsev::domain_xml {

inline constexpr const char* kMachineName = "virtsev-q35-1.0";
/// What virt-install asks for; a definition stores kMachineName.
inline constexpr const char* kMachineAlias = "q35";

inline constexpr std::uint32_t kMaxVcpus = 64;
inline constexpr std::uint64_t kMinMemoryBytes = 64ULL << 20;
inline constexpr std::uint64_t kMaxMemoryBytes = 1ULL << 40;
/// With the terminating NUL (Linux, COMMAND_LINE_SIZE for x86).
inline constexpr std::size_t kMaxCommandLine = 2048;
/// Bytes of a document that is read. A quarter of what libvirt's protocol passes in a string
/// (REMOTE_STRING_MAX): what a running domain's XML has in addition always fits.
inline constexpr std::size_t kMaxDocumentBytes = 1U << 20;
/// Bytes of a definition as it is written out, after defaults and escapes. The rest is for the comment that
/// stands before it in its file: what was taken once can be read again.
inline constexpr std::size_t kMaxDefinitionBytes = kMaxDocumentBytes - 4096;
/// NAME.xml and the like have to fit into a file name (NAME_MAX, 255 bytes).
inline constexpr std::size_t kMaxNameBytes = 200;

}  // namespace virtsev::domain_xml
