// SPDX-License-Identifier: LGPL-2.1-or-later
// The file of a simulated platform: read and written whole, durably, and never replaced where it is not
// understood.
#pragma once

#include <string>

#include "sevcore/base/bytes.hpp"
#include "sevcore/firmware/platform_identity.hpp"

namespace virtsev::sevcore {

/// The path behind a descriptor, for error texts; "the file" where the system does not tell.
std::string name_of_descriptor(int fd);

/// The whole of a regular file of at most `limit` bytes. Throws Error naming the file.
Bytes read_whole_file(int fd, std::size_t limit);
/// Replaces the content of a file and waits until it is on the disk; where that fails on an empty file,
/// empties it again. Throws Error naming it.
void write_whole_file(int fd, ByteView content);

/// The file that keeps a platform's identity.
class IdentityFile {
 public:
  /// Reads the identity, or makes one where the file is empty. Throws Error naming the file and the cure. One
  /// caller at a time on the host, as for save().
  static PlatformIdentity read_or_make(int fd);
  /// Replaces the identity durably: whenever the power fails, the file holds the old or the new one whole.
  /// Where the disk is full, it stays as it was. Throws Error.
  static void save(int fd, const PlatformIdentity& identity);
  /// Whether the file may be written.
  static bool writable(int fd);
  /// The file's checksum: differs where another process has saved another identity.
  static ByteArray<32> checksum(int fd);
};

}  // namespace virtsev::sevcore
