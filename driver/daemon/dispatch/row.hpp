// SPDX-License-Identifier: LGPL-2.1-or-later
// Rows of the table of procedures that are a method of the Driver, and nothing more: arguments are read, and
// the result is written, by the types in the method's signature. What the wire has in another form than these
// types say has a handler of its own (handlers/).
//
//     row<&Driver::set_autostart>(29, "virDomainSetAutostart", kWrite)
//         the arguments, in the signature's order, and no flags
//     row<&Driver::reset>(245, "virDomainReset", kWrite, 0)
//         flags come last; those outside the mask are refused, by the function's name
//     older<&Driver::destroy, 0>(12, "virDomainDestroy", kWrite)
//         an older call without flags, which means what the newer one does with these
#pragma once

#include <tuple>
#include <type_traits>

#include "driver/daemon/dispatch/codec.hpp"
#include "driver/daemon/dispatch/procedures.hpp"
#include "driver/daemon/dispatch/request.hpp"

namespace virtsev::daemon::dispatch {

/// How an argument of this type comes: a Uuid as a domain, a ConnectionId from the connection itself. A type
/// that is not here does not compile.
template <typename T>
struct Argument;
template <>
struct Argument<Uuid> {
  static Uuid read(Request& request) { return get_domain(request.in); }
};
template <>
struct Argument<std::string> {
  static std::string read(Request& request) { return get_text(request.in); }
};
template <>
struct Argument<std::optional<std::string>> {
  static std::optional<std::string> read(Request& request) { return get_optional_text(request.in); }
};
template <>
struct Argument<domain_xml::CpuSet> {
  static constexpr std::uint32_t kMaxMap = 2048;  // REMOTE_CPUMAP_MAX
  static domain_xml::CpuSet read(Request& request) {
    return domain_xml::cpus_in(request.in.get_opaque(kMaxMap));
  }
};
template <>
struct Argument<bool> {
  static bool read(Request& request) { return request.in.get_bool(); }
};
template <>
struct Argument<std::int32_t> {
  static std::int32_t read(Request& request) { return request.in.get_int32(); }
};
template <>
struct Argument<std::uint32_t> {
  static std::uint32_t read(Request& request) { return request.in.get_uint32(); }
};
template <>
struct Argument<std::uint64_t> {
  static std::uint64_t read(Request& request) { return request.in.get_uint64(); }
};
template <>
struct Argument<std::int64_t> {
  static std::int64_t read(Request& request) { return request.in.get_int64(); }
};
/// Of mount points.
template <>
struct Argument<std::vector<std::string>> {
  static std::vector<std::string> read(Request& request) {
    constexpr std::uint32_t kMost = 256, kSmallest = 4;  // REMOTE_DOMAIN_FSFREEZE_MOUNTPOINTS_MAX; a length
    std::vector<std::string> texts(request.in.get_count(kMost, kSmallest));
    for (std::string& each : texts) {
      each = get_text(request.in);
    }
    return texts;
  }
};
template <>
struct Argument<ConnectionId> {
  static ConnectionId read(Request& request) { return request.client.id(); }
};

/// Where a call's flags come from.
struct NoFlags {};
struct WireFlags {};
template <std::uint32_t kBits>
struct FixedFlags {};

namespace detail {

template <typename Source>
struct FlagsOf;
template <>
struct FlagsOf<WireFlags> {
  static Flags read(Request& request) { return request.in.get_uint32(); }
};
template <std::uint32_t kBits>
struct FlagsOf<FixedFlags<kBits>> {
  static Flags read(Request&) { return kBits; }
};

template <typename T, typename Source>
T take(Request& request) {
  if constexpr (std::is_same_v<T, Flags>) {
    static_assert(!std::is_same_v<Source, NoFlags>,
                  "the method takes flags: name the mask of those it knows");
    return FlagsOf<Source>::read(request);
  } else {
    return Argument<T>::read(request);
  }
}

template <typename Source, typename... Types>
std::tuple<Types...> read_arguments(Request& request) {
  constexpr bool kPassed = (std::is_same_v<Types, Flags> || ...);
  std::tuple<Types...> arguments{take<Types, Source>(request)...};  // Braces: from left to right
  if constexpr (std::is_same_v<Source, WireFlags>) {
    Flags flags = 0;
    if constexpr (kPassed) {
      flags = std::get<Flags>(arguments);
    } else {
      flags = FlagsOf<Source>::read(request);  // The method knows none
    }
    end_arguments(request);
    if ((flags & request.procedure.write_flags) != 0) {
      require_write_access(request);
    }
    check_flags(request, flags, request.procedure.flags);
  } else {
    end_arguments(request);
  }
  return arguments;
}

template <auto kMethod, typename Source, typename Result, typename... Types>
struct Answer {
  static void run(Request& request) {
    auto arguments = read_arguments<Source, std::decay_t<Types>...>(request);
    const auto call = [&request](auto&... each) { return (request.driver.*kMethod)(std::move(each)...); };
    if constexpr (std::is_void_v<Result>) {
      std::apply(call, arguments);
    } else {
      put_result(request.out, std::apply(call, arguments));
    }
  }
};
template <auto kMethod, typename Source, typename Result, typename... Types>
struct Answer<kMethod, Source, asio::awaitable<Result>, Types...> {
  static asio::awaitable<void> run(Request& request) {
    auto arguments = read_arguments<Source, std::decay_t<Types>...>(request);
    const auto call = [&request](auto&... each) { return (request.driver.*kMethod)(std::move(each)...); };
    asio::awaitable<Result> answer = std::apply(call, arguments);
    if constexpr (std::is_void_v<Result>) {
      co_await std::move(answer);
    } else {
      const Result result = co_await std::move(answer);
      put_result(request.out, result);
    }
  }
};

template <auto kMethod, typename Source, typename Result, typename... Types>
constexpr Handler handler_of(Result (Driver::*)(Types...)) {
  return &Answer<kMethod, Source, Result, Types...>::run;
}

}  // namespace detail

template <auto kMethod>
constexpr Procedure row(std::int32_t number, const char* api, Access access) {
  return {number, api, access, detail::handler_of<kMethod, NoFlags>(kMethod)};
}

/// `flags`: those that the method knows. `write_flags`: of them, those that a read-only connection may not
/// set.
template <auto kMethod>
constexpr Procedure row(std::int32_t number, const char* api, Access access, std::uint32_t flags,
                        std::uint32_t write_flags = 0) {
  return {number, api, access, detail::handler_of<kMethod, WireFlags>(kMethod), flags, write_flags};
}

template <auto kMethod, std::uint32_t kFlags>
constexpr Procedure older(std::int32_t number, const char* api, Access access) {
  return {number, api, access, detail::handler_of<kMethod, FixedFlags<kFlags>>(kMethod)};
}

}  // namespace virtsev::daemon::dispatch
