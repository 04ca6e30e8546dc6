// `outrider setup`; used by the command line.
#pragma once

#include "connectors/postgres/setup/setup_plan.h"

#include <string>

namespace outrider::app {

struct SetupArguments {
  std::string config;     ///< The configuration file.
  std::string pipeline;   ///< Empty: the only one there is.
  std::string owner_dsn;  ///< Not needed to print.
  std::string role;       ///< Empty: the user of the pipeline's dsn.
  bool print_sql = false;
  postgres::PayloadType payload = postgres::PayloadType::Jsonb;
};

/// Brings the pipeline's database into shape, or prints the SQL that does.
int setup_command(const SetupArguments& arguments);

}  // namespace outrider::app
