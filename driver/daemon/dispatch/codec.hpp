// SPDX-License-Identifier: LGPL-2.1-or-later
// The types of libvirt's remote protocol (src/remote/remote_protocol.x) that several procedures share.
// Reading never throws: Decoder::ok().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "driver/daemon/api/driver.hpp"
#include "driver/xdr/decoder.hpp"
#include "driver/xdr/encoder.hpp"

namespace virtsev::daemon::dispatch {

/// REMOTE_DOMAIN_LIST_MAX, and the same number for networks, pools and other lists of names.
inline constexpr std::uint32_t kMaxList = 16384;

std::string get_text(xdr::Decoder& in);
std::optional<std::string> get_optional_text(xdr::Decoder& in);
Uuid get_uuid(xdr::Decoder& in);
/// remote_nonnull_domain: name, uuid, id. libvirt's drivers look domains up by uuid alone.
Uuid get_domain(xdr::Decoder& in);
std::optional<Uuid> get_optional_domain(xdr::Decoder& in);
/// `limit`: how many the procedure takes. Fails for an unknown type.
std::vector<TypedParameter> get_typed_parameters(xdr::Decoder& in, std::uint32_t limit);

void put_domain(xdr::Encoder& out, const DomainHandle& domain);
void put_domains(xdr::Encoder& out, const std::vector<DomainHandle>& domains);
void put_names(xdr::Encoder& out, const std::vector<std::string>& names);
void put_optional_text(xdr::Encoder& out, const std::optional<std::string>& value);
/// char<> or, with `size`, char[size]: rpcgen makes four bytes of each. A longer text is cut, one shorter
/// than `size` is filled with NULs.
void put_chars(xdr::Encoder& out, std::string_view value);
void put_fixed_chars(xdr::Encoder& out, std::string_view value, std::size_t size);
/// Count and parameters; returns how many. Without `strings` (VIR_TYPED_PARAM_STRING_OKAY) a client can't
/// take string values, and they are left out.
std::uint32_t put_typed_parameters(xdr::Encoder& out, const std::vector<TypedParameter>& parameters,
                                   bool strings);

// A Driver method's result as its call's reply (results.cpp).
void put_result(xdr::Encoder& out, bool value);
void put_result(xdr::Encoder& out, const std::string& value);
void put_result(xdr::Encoder& out, const DomainHandle& domain);
void put_result(xdr::Encoder& out, const DomainInfo& info);
void put_result(xdr::Encoder& out, const DomainState& state);
void put_result(xdr::Encoder& out, const ControlInfo& info);
void put_result(xdr::Encoder& out, const NodeInfo& info);
void put_result(xdr::Encoder& out, const BlockCounts& counts);
void put_result(xdr::Encoder& out, const InterfaceCounts& counts);
void put_result(xdr::Encoder& out, const BlockInfo& info);
void put_result(xdr::Encoder& out, std::int32_t value);
void put_result(xdr::Encoder& out, const GuestTime& time);
void put_result(xdr::Encoder& out, const std::vector<GuestFileSystem>& systems);
void put_result(xdr::Encoder& out, const std::vector<GuestInterface>& interfaces);
void put_result(xdr::Encoder& out, const std::vector<TypedParameter>& parameters);

}  // namespace virtsev::daemon::dispatch
