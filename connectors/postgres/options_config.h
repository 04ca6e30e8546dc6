// The field table of the Postgres source's options; used by relay/app.
#pragma once

#include "config/section.h"
#include "connectors/postgres/options.h"

#include <optional>
#include <string>
#include <string_view>

namespace outrider::postgres {

/// `public.outbox`, each part exactly as Postgres stores it; a part in double quotes may hold dots,
/// and `""` for one quote.
std::optional<std::string> from_text(std::string_view text, TableName& table);
std::string to_text(const TableName& table);

/// Fills what stands under `source.postgres`; the rest of Options comes from the pipeline.
void describe(config::Section<Options>& section);

}  // namespace outrider::postgres
