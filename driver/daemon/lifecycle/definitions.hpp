// SPDX-License-Identifier: LGPL-2.1-or-later
// Domains by definition: made, changed, renamed, removed; in memory and on disk alike.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <asio/awaitable.hpp>

#include "driver/daemon/lifecycle/context.hpp"

namespace virtsev::daemon {

class Definitions {
 public:
  explicit Definitions(Context& context) : context_(context) {}

  /// Reads all stored definitions; those that no longer pass are listed with the reason. Before anything
  /// runs.
  void load();

  /// Parses on the worker pool: a large document stops nobody else. A document that says nothing of its
  /// protection gets default_launch_security's, unless it defines a stored guest again that has none. Throws
  /// Error.
  asio::awaitable<DefinitionPtr> parse(std::string xml, bool validate);

  asio::awaitable<DomainHandle> define(std::string xml, std::uint32_t flags);
  asio::awaitable<void> undefine(DomainPtr domain);
  asio::awaitable<void> rename(DomainPtr domain, std::string name, std::uint32_t flags);
  asio::awaitable<void> set_autostart(DomainPtr domain, bool on);

  // change_definition.cpp: of the stored definition alone. Flags are libvirt's.
  asio::awaitable<void> set_vcpus(DomainPtr domain, std::uint32_t count, std::uint32_t flags);
  asio::awaitable<void> set_memory(DomainPtr domain, std::uint64_t kib, std::uint32_t flags);
  asio::awaitable<void> set_lifecycle_action(DomainPtr domain, std::uint32_t type, std::uint32_t action,
                                             std::uint32_t flags);

  struct Metadata {
    std::int32_t kind = 0;
    std::optional<std::string> value, key, uri;
  };
  /// `changed_live` is set where the live definition changed, so that the caller saves the status.
  asio::awaitable<void> set_metadata(DomainPtr domain, Metadata metadata, std::uint32_t flags,
                                     bool& changed_live);

 private:
  using Change = std::function<domain_xml::DomainDefinition(const domain_xml::DomainDefinition&)>;
  /// `against_live`: why a running guest can't be changed so.
  asio::awaitable<void> change(DomainPtr domain, std::uint32_t flags, std::string against_live,
                               Change change);
  bool is_stored_unprotected(const std::optional<domain_xml::Identity>& identity) const;
  void load_one(const StoredDefinition& stored);
  bool ended_rename(const StoredDefinition& stored, const domain_xml::DomainDefinition& definition);

  Context& context_;
};

/// The definition to show or to start, by libvirt's flags: the live one of an active domain unless
/// `inactive`. Null: a stored file that no longer passes.
DefinitionPtr definition_of(const Domain& domain, bool inactive);

/// Throws where the stored file no longer passes, saying why and what to do.
void require_usable(const Domain& domain);

}  // namespace virtsev::daemon
