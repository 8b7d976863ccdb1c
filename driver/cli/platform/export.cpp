// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/platform/export.hpp"

#include <algorithm>

#include <unistd.h>

#include "driver/cli/io/files.hpp"
#include "driver/cli/io/json.hpp"
#include "driver/cli/io/output.hpp"
#include "driver/cli/platform/chip_id.hpp"
#include "driver/cli/platform/from_device.hpp"
#include "driver/cli/platform/from_host.hpp"
#include "driver/cli/platform/verdict.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/certificates/amd_roots.hpp"
#include "sevcore/certificates/simulated_root.hpp"

namespace virtsev::cli {
namespace {

void append(Bytes& file, ByteView piece) { file.insert(file.end(), piece.begin(), piece.end()); }

/// For --full: ASK and ARK as they came with the CEK, or as virtsev has them.
void add_root(CertificateSet& set, const ChainVerdict& verdict) {
  if (set.ask && set.ark) {
    return;
  }
  if (verdict.kind == ChainVerdict::Kind::kSimulated) {
    set.ask = sevcore::simulated_ask();
    set.ark = sevcore::simulated_ark();
    return;
  }
  if (verdict.kind != ChainVerdict::Kind::kAmd) {
    throw Error(ErrorCode::kInvalidArgument,
                text("--full: which ASK and ARK belong to this platform, the signed CEK shows: {}",
                     verdict.explanation));
  }
  const auto& roots = sevcore::amd_roots();
  const auto root = std::find_if(roots.begin(), roots.end(), [&](const sevcore::AmdRoot& candidate) {
    return candidate.product == verdict.product;
  });
  if (root == roots.end() || root->ask.signature.empty()) {
    throw Error(ErrorCode::kOperationUnsupported,
                text("--full: virtsev has the keys of {}, but not the certificates in SEV's format; give "
                     "AMD's ask_ark file behind the CEK, in the file of --cek",
                     verdict.product));
  }
  set.ask = root->ask;
  set.ark = root->ark;
}

Bytes lay_out(const CertificateSet& set) {
  const sevcore::PlatformCertificates platform = set.platform();
  Bytes file;
  append(file, sevcore::serialise(platform.pdh));
  append(file, sevcore::serialise_chain(platform));
  return file;
}

/// The names that sev-tool gives them.
void write_separately(const CertificateSet& set, const ExportOptions& options) {
  make_directory(options.separate);
  const auto write = [&](const char* name, const Bytes& certificate) {
    write_file(options.separate + "/" + name, certificate, Readers::kEverybody);
  };
  const auto bytes = [](const auto& certificate) {
    const auto serialised = sevcore::serialise(certificate);
    return Bytes(serialised.begin(), serialised.end());
  };
  write("pdh.cert", bytes(*set.pdh));
  write("pek.cert", bytes(*set.pek));
  write("oca.cert", bytes(*set.oca));
  write("cek.cert", bytes(*set.cek));
  if (options.full) {
    write("ask.cert", bytes(*set.ask));
    write("ark.cert", bytes(*set.ark));
  }
}

void write_chip_id(const CertificateSet& set, const std::string& certificates) {
  const std::string path = chip_id_file(certificates);
  if (!set.chip_id.empty()) {
    write_file(path, to_hex(set.chip_id) + "\n", Readers::kEverybody);
  } else {
    ::unlink(path.c_str());  // Another platform's, of an export before
  }
}

void tell(const ExportOptions& options, const CertificateSet& set, std::size_t size,
          const ChainVerdict& verdict) {
  if (options.json) {
    Json value = {{"out", nullptr},
                  {"separate", nullptr},
                  {"bytes", size},
                  {"verdict", verdict.word()},
                  {"chip_id", nullptr}};
    if (!options.out.empty()) {
      value.set("out", options.out);
    }
    if (!options.separate.empty()) {
      value.set("separate", options.separate);
    }
    if (!set.chip_id.empty()) {
      value.set("chip_id", to_hex(set.chip_id));
    }
    if (!verdict.cek_address.empty()) {
      value.set("cek_address", verdict.cek_address);
    }
    print(value);
  } else {
    for (const std::string& place : {options.out, options.separate}) {
      if (!place.empty()) {
        print(options.full ? text("PDH, PEK, OCA, CEK, ASK and ARK in {}.", place)
                           : text("PDH, PEK, OCA and CEK in {}.", place));
      }
    }
  }
  if (verdict.kind != ChainVerdict::Kind::kAmd) {
    note(verdict.explanation);
  }
}

}  // namespace

ExitStatus write_export(CertificateSet set, const ExportOptions& options) {
  if (options.out.empty() && options.separate.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                text("say where the certificates go: --out FILE, --separate DIR, or both"));
  }
  check_output("--out", options.out, {options.cek});
  if (!options.cek.empty()) {
    set.replace_cek(read_certificates({options.cek}), options.cek);
  }
  const ChainVerdict verdict = judge(set);
  Bytes file = lay_out(set);
  if (options.full) {
    add_root(set, verdict);
    append(file, sevcore::serialise(*set.ask));
    append(file, sevcore::serialise(*set.ark));
  }
  if (!options.out.empty()) {
    write_file(options.out, file, Readers::kEverybody);
    write_chip_id(set, options.out);
  }
  if (!options.separate.empty()) {
    write_separately(set, options);
    write_chip_id(set, options.separate + "/cek.cert");
  }
  tell(options, set, file.size(), verdict);
  return ExitStatus::kDone;
}

ExitStatus run_export(const ExportOptions& options) {
  return write_export(
      options.device.empty() ? certificates_of_host(options.uri) : certificates_of_device(options.device),
      options);
}

}  // namespace virtsev::cli
