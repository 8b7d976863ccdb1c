// SPDX-License-Identifier: LGPL-2.1-or-later
// Domains by definition: made, changed, renamed, removed; in memory and on disk alike.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <asio/awaitable.hpp>

#include "driver/daemon/context.hpp"

namespace virtsev::daemon {

class Definitions {
 public:
  explicit Definitions(Context& context) : context_(context) {}

  /// Reads all stored definitions; those that no longer pass are listed with the reason. Before anything
  /// runs.
  void load();

  /// Parses on the worker pool: a large document stops nobody else. Throws Error.
  asio::awaitable<DefinitionPtr> parse(std::string xml, bool validate);

  asio::awaitable<DomainHandle> define(std::string xml, std::uint32_t flags);
  asio::awaitable<void> undefine(DomainPtr domain, std::uint32_t flags);
  asio::awaitable<void> rename(DomainPtr domain, std::string name, std::uint32_t flags);
  asio::awaitable<void> set_autostart(DomainPtr domain, bool on);

  struct Metadata {
    std::int32_t kind = 0;
    std::optional<std::string> value, key, uri;
  };
  /// `changed_live` is set where the live definition changed, so that the caller saves the status.
  asio::awaitable<void> set_metadata(DomainPtr domain, Metadata metadata, std::uint32_t flags,
                                     bool& changed_live);

 private:
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
