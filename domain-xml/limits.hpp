// SPDX-License-Identifier: LGPL-2.1-or-later
// How large documents and names can be. What a machine can have: sevcore/machine/machine_version.hpp.
#pragma once

#include <cstddef>

namespace virtsev::domain_xml {

/// Bytes of a document that is read. A quarter of what libvirt's protocol passes in a string
/// (REMOTE_STRING_MAX): what a running domain's XML has in addition always fits.
inline constexpr std::size_t kMaxDocumentBytes = 1U << 20;
/// Bytes of a definition as it is written out, after defaults and escapes. The rest is for the comment that
/// stands before it in its file: what was taken once can be read again.
inline constexpr std::size_t kMaxDefinitionBytes = kMaxDocumentBytes - 4096;
/// NAME.xml and the like have to fit into a file name (NAME_MAX, 255 bytes).
inline constexpr std::size_t kMaxNameBytes = 200;

}  // namespace virtsev::domain_xml
