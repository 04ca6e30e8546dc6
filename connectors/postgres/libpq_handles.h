// Owners of what libpq allocates, and what its results say; used by libpq_*.cpp.
#pragma once

#include "connectors/postgres/connection.h"
#include "relay/base/error.h"

#include <libpq-fe.h>

#include <memory>
#include <string_view>

namespace outrider::postgres {

template <auto kFree>
struct FreedBy {
  template <typename T>
  void operator()(T* pointer) const {
    kFree(pointer);
  }
};
using LibpqHandle = std::unique_ptr<PGconn, FreedBy<PQfinish>>;
using LibpqResult = std::unique_ptr<PGresult, FreedBy<PQclear>>;
using LibpqText = std::unique_ptr<char, FreedBy<PQfreemem>>;

/// A field of an error or notice, such as PG_DIAG_SQLSTATE; empty if there is none.
std::string_view result_field(const PGresult* result, int code);

/// The error or notice that the result is.
Error result_error(const PGresult* result);

/// All rows of a result that has rows.
Rows copy_rows(const PGresult* result);

}  // namespace outrider::postgres
