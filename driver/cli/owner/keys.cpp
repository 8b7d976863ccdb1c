// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/owner/keys.hpp"

#include <algorithm>

#include <unistd.h>

#include "domain-xml/limits.hpp"
#include "domain-xml/xml/document.hpp"
#include "domain-xml/xml/node.hpp"
#include "driver/cli/io/files.hpp"
#include "sevcore/base/base64.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/crypto/crypto.hpp"

namespace virtsev::cli {
namespace {

constexpr std::size_t kKeySize = 16;
constexpr std::size_t kMaxFile = 65536;

/// `at`: where the key is in a file of both.
ByteArray<kKeySize> read_key(const std::string& path, std::size_t at) {
  Bytes content = read_file(path, kMaxFile);
  if (content.size() != kKeySize && content.size() != 2 * kKeySize) {
    throw Error(
        ErrorCode::kInvalidArgument,
        text("{}: has {} bytes; a key of {} bytes is meant, as `virtsev session` writes it, or TEK and "
             "TIK together, as sev-tool's tmp_tk.bin",
             path, content.size(), kKeySize));
  }
  ByteArray<kKeySize> key{};
  const std::size_t start = content.size() == kKeySize ? 0 : at;
  std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(start), kKeySize, key.begin());
  sevcore::crypto::wipe(content);
  if (key == ByteArray<kKeySize>{}) {
    throw Error(ErrorCode::kInvalidArgument,
                text("{}: the key in it is nothing but zeros; no session has such a key", path));
  }
  return key;
}

std::optional<sevcore::SessionBlob> parse_session(ByteView content) {
  sevcore::SessionBlob blob{};
  if (content.size() == blob.size()) {
    std::copy(content.begin(), content.end(), blob.begin());
    return blob;
  }
  const auto decoded = from_base64({reinterpret_cast<const char*>(content.data()), content.size()});
  if (!decoded || decoded->size() != blob.size()) {
    return std::nullopt;
  }
  std::copy(decoded->begin(), decoded->end(), blob.begin());
  return blob;
}

std::optional<sevcore::SessionBlob> session_in_xml(const std::string& path) {
  const Bytes content = read_file(path, domain_xml::kMaxDocumentBytes);
  const domain_xml::Document document = domain_xml::read_document({content.begin(), content.end()});
  const xmlNode* security = domain_xml::only_child(xmlDocGetRootElement(document.get()), "launchSecurity");
  const xmlNode* session = security != nullptr ? domain_xml::only_child(security, "session") : nullptr;
  return session != nullptr ? parse_session(bytes_of(domain_xml::trimmed(session))) : std::nullopt;
}

}  // namespace

ByteArray<16> read_tik(const std::string& path) { return read_key(path, kKeySize); }
ByteArray<16> read_tek(const std::string& path) { return read_key(path, 0); }

void check_keys(const ByteArray<16>& tik, const ByteArray<16>& tek) {
  if (tik == tek) {
    throw Error(
        ErrorCode::kInvalidArgument,
        text("--tik and --tek name the same key; give tik.bin and tek.bin of the session, or sev-tool's "
             "tmp_tk.bin, which has both, twice"));
  }
}

sevcore::SessionBlob read_session(const std::string& path) {
  const auto blob = parse_session(read_file(path, kMaxFile));
  if (!blob) {
    throw Error(ErrorCode::kInvalidArgument,
                text("{}: is not a session of {} bytes, binary (launch_blob.bin) or base64 (session.b64)",
                     path, sevcore::SessionBlob{}.size()));
  }
  return *blob;
}

std::optional<sevcore::SessionBlob> find_session(const std::string& xml, const std::string& tik) {
  if (!xml.empty() && xml != "-") {
    if (auto session = session_in_xml(xml)) {
      return session;
    }
  }
  for (const char* name : {"session.b64", "launch_blob.bin"}) {
    const std::string path = directory_of(tik) + "/" + name;
    if (::access(path.c_str(), R_OK) == 0) {
      return parse_session(read_file(path, kMaxFile));
    }
  }
  return std::nullopt;
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace virtsev::cli
