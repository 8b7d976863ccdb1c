// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/dispatch/codec.hpp"

#include <algorithm>

#include <libvirt/libvirt.h>

#include "driver/rpc/protocol.hpp"

namespace virtsev::daemon::dispatch {

std::string get_text(xdr::Decoder& in) { return in.get_string(rpc::kMaxString); }

std::optional<std::string> get_optional_text(xdr::Decoder& in) {
  return in.get_bool() ? std::optional(get_text(in)) : std::nullopt;
}

Uuid get_uuid(xdr::Decoder& in) {
  Uuid uuid{};
  in.get_fixed_opaque(uuid);
  return uuid;
}

Uuid get_domain(xdr::Decoder& in) {
  get_text(in);
  const Uuid uuid = get_uuid(in);
  in.get_int32();
  return uuid;
}

std::optional<Uuid> get_optional_domain(xdr::Decoder& in) {
  return in.get_bool() ? std::optional(get_domain(in)) : std::nullopt;
}

std::vector<TypedParameter> get_typed_parameters(xdr::Decoder& in, std::uint32_t limit) {
  constexpr std::uint32_t kSmallest = 12;  // an empty name, a type, an int
  std::vector<TypedParameter> parameters;
  const std::uint32_t count = in.get_count(limit, kSmallest);
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    TypedParameter& parameter = parameters.emplace_back();
    parameter.field = in.get_string(VIR_TYPED_PARAM_FIELD_LENGTH - 1);
    switch (in.get_int32()) {
      case VIR_TYPED_PARAM_INT:
        parameter.value = in.get_int32();
        break;
      case VIR_TYPED_PARAM_UINT:
        parameter.value = in.get_uint32();
        break;
      case VIR_TYPED_PARAM_LLONG:
        parameter.value = in.get_int64();
        break;
      case VIR_TYPED_PARAM_ULLONG:
        parameter.value = in.get_uint64();
        break;
      case VIR_TYPED_PARAM_DOUBLE:
        parameter.value = in.get_double();
        break;
      case VIR_TYPED_PARAM_BOOLEAN:
        parameter.value = in.get_bool();
        break;
      case VIR_TYPED_PARAM_STRING:
        parameter.value = get_text(in);
        break;
      default:
        in.fail();
    }
  }
  return parameters;
}

void put_domain(xdr::Encoder& out, const DomainHandle& domain) {
  out.put_string(domain.name);
  out.put_fixed_opaque(domain.uuid);
  out.put_int32(domain.id);
}

void put_domains(xdr::Encoder& out, const std::vector<DomainHandle>& domains) {
  out.put_uint32(static_cast<std::uint32_t>(domains.size()));
  for (const DomainHandle& domain : domains) {
    put_domain(out, domain);
  }
}

void put_names(xdr::Encoder& out, const std::vector<std::string>& names) {
  out.put_uint32(static_cast<std::uint32_t>(names.size()));
  for (const std::string& name : names) {
    out.put_string(name);
  }
}

void put_optional_text(xdr::Encoder& out, const std::optional<std::string>& value) {
  out.put_bool(value.has_value());
  if (value) {
    out.put_string(*value);
  }
}

void put_fixed_chars(xdr::Encoder& out, std::string_view value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    // The last one stays NUL: clients take it as a C string.
    const bool within = i < value.size() && i + 1 < size;
    out.put_int32(within ? static_cast<unsigned char>(value[i]) : 0);
  }
}

void put_chars(xdr::Encoder& out, std::string_view value) {
  out.put_uint32(static_cast<std::uint32_t>(value.size()) + 1);
  put_fixed_chars(out, value, value.size() + 1);
}

namespace {

struct ValueWriter {
  xdr::Encoder& out;
  void operator()(std::int32_t value) const { out.put_int32(VIR_TYPED_PARAM_INT), out.put_int32(value); }
  void operator()(std::uint32_t value) const { out.put_int32(VIR_TYPED_PARAM_UINT), out.put_uint32(value); }
  void operator()(std::int64_t value) const { out.put_int32(VIR_TYPED_PARAM_LLONG), out.put_int64(value); }
  void operator()(std::uint64_t value) const { out.put_int32(VIR_TYPED_PARAM_ULLONG), out.put_uint64(value); }
  void operator()(double value) const { out.put_int32(VIR_TYPED_PARAM_DOUBLE), out.put_double(value); }
  void operator()(bool value) const { out.put_int32(VIR_TYPED_PARAM_BOOLEAN), out.put_bool(value); }
  void operator()(const std::string& value) const {
    out.put_int32(VIR_TYPED_PARAM_STRING), out.put_string(value);
  }
};

}  // namespace

std::uint32_t put_typed_parameters(xdr::Encoder& out, const std::vector<TypedParameter>& parameters,
                                   bool strings) {
  const auto is_sent = [strings](const TypedParameter& parameter) {
    return strings || !std::holds_alternative<std::string>(parameter.value);
  };
  const auto count = static_cast<std::uint32_t>(std::count_if(parameters.begin(), parameters.end(), is_sent));
  out.put_uint32(count);
  for (const TypedParameter& parameter : parameters) {
    if (is_sent(parameter)) {
      out.put_string(parameter.field);
      std::visit(ValueWriter{out}, parameter.value);
    }
  }
  return count;
}

}  // namespace virtsev::daemon::dispatch
