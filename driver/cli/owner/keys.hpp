// SPDX-License-Identifier: LGPL-2.1-or-later
// What an owner keeps of a session, as virtsev and other tools write it.
#pragma once

#include <optional>
#include <string>

#include "sevcore/abi/session.hpp"
#include "sevcore/base/bytes.hpp"

namespace virtsev::cli {

/// --tik and --tek: 16 bytes (tik.bin, tek.bin), or 32: TEK and TIK in one file, as sev-tool's tmp_tk.bin and
/// virt-qemu-sev-validate's --tk have them. Throw Error naming the file; zeros alone are no key.
ByteArray<16> read_tik(const std::string& path);
ByteArray<16> read_tek(const std::string& path);

/// Throws Error where both are the same key: the same file given twice.
void check_keys(const ByteArray<16>& tik, const ByteArray<16>& tek);

/// A session: 128 bytes, or base64 of them. Throws Error naming the file.
sevcore::SessionBlob read_session(const std::string& path);

/// The session of a TIK where nobody named it: <session> of the domain's XML (`xml`: a path, or empty), else
/// session.b64 or launch_blob.bin beside the TIK; nothing where none of them is there, or is one.
std::optional<sevcore::SessionBlob> find_session(const std::string& xml, const std::string& tik);

/// The folder that a file lies in.
std::string directory_of(const std::string& path);

}  // namespace virtsev::cli
