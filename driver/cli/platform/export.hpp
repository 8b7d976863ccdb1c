// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev platform export: a platform's certificates in one file, as sevctl's export lays them out.
#pragma once

#include <string>

#include "driver/cli/io/exit_status.hpp"
#include "driver/cli/platform/certificate_files.hpp"

namespace virtsev::cli {

struct ExportOptions {
  std::string uri;
  std::string device;    ///< Empty: the URI
  std::string out;       ///< All in one file; empty: none
  std::string separate;  ///< A folder with a file for each; empty: none
  std::string cek;
  bool full = false;
  bool json = false;
};

/// Asks the host or the device, and writes what it gives. Throws Error.
ExitStatus run_export(const ExportOptions& options);

/// Writes PDH, PEK, OCA and CEK, with `full` ASK and ARK behind them, and the chip's id beside them; into one
/// file, or as pdh.cert and so on into a folder, or both. Throws Error.
ExitStatus write_export(CertificateSet set, const ExportOptions& options);

}  // namespace virtsev::cli
