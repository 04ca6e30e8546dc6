#include "relay/app/checkpoint_report.h"

#include "connectors/postgres/position.h"
#include "relay/app/log_line.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <string_view>

namespace outrider::app {
namespace {

using Json = nlohmann::ordered_json;

std::string_view name_of(Delivery delivery) {
  return delivery == Delivery::ExactlyOnce ? "exactly_once" : "at_least_once";
}

/// What a relay would do: resume, first_start, wait, refuse.
std::string_view outcome(const CheckpointReport& report) {
  if (report.start) return report.checkpoint ? "resume" : "first_start";
  switch (report.start.error().kind) {
    case ErrorKind::Unavailable:
    case ErrorKind::Interrupted:
    case ErrorKind::Fenced:
    case ErrorKind::Denied:
      return "wait";
    default:
      return "refuse";
  }
}

Json checkpoint_json(const Checkpoint& checkpoint, const PositionFormat& format) {
  Json object = {{"position", Json::parse(format.to_json(checkpoint.position))},
                 {"generation", checkpoint.generation},
                 {"delivery", name_of(checkpoint.written_by)},
                 {"clean", checkpoint.clean},
                 {"written_at", nullptr}};
  if (checkpoint.written_at) object["written_at"] = to_rfc3339(*checkpoint.written_at);
  return object;
}

Json slot_json(const std::string& name, const postgres::SlotFacts& slot) {
  Json object = {{"name", name},
                 {"confirmed_flush_lsn", to_string(slot.confirmed_flush)},
                 {"restart_lsn", nullptr},
                 {"wal_status", slot.wal_status},
                 {"active_pid", nullptr}};
  if (slot.restart) object["restart_lsn"] = to_string(*slot.restart);
  if (slot.active) object["active_pid"] = slot.active_pid;
  return object;
}

Json server_json(const postgres::StartFacts& facts) {
  Json object = {{"system_id", nullptr},
                 {"timeline", nullptr},
                 {"wal_end", to_string(facts.server.wal_end)},
                 {"lock_holder", nullptr}};
  if (facts.system.system_id != 0) {
    object["system_id"] = std::to_string(facts.system.system_id);
    object["timeline"] = facts.system.timeline;
  }
  if (facts.server.lock_held) object["lock_holder"] = facts.server.lock_holder;
  return object;
}

std::string place_of(const Position& position) {
  const Result<postgres::PostgresPosition> read = postgres::PostgresPosition::unpack(position);
  return read ? to_string(read->end_lsn) : "unreadable";
}

std::string checkpoint_text(const std::optional<Checkpoint>& checkpoint) {
  if (!checkpoint) return "checkpoint  none\n";
  const Result<postgres::PostgresPosition> read =
      postgres::PostgresPosition::unpack(checkpoint->position);
  if (!read) return "checkpoint  unreadable: " + read.error().what + "\n";
  std::string text = fmt::format(
      "checkpoint  {}, written {} by run {}, {}{}\n            cluster {}, timeline {}, database "
      "{}, slot {}\n",
      to_string(read->end_lsn),
      checkpoint->written_at ? to_rfc3339(*checkpoint->written_at) : "at an unknown time",
      checkpoint->generation, name_of(checkpoint->written_by), checkpoint->clean ? "" : ", unclean",
      read->system_id, read->timeline, read->database.view(), read->slot.view());
  if (!read->partial.none()) {
    text += fmt::format("            and {} events of the transaction at {}\n",
                        read->partial.events_done, to_string(read->partial.final_lsn));
  }
  return text;
}

std::string server_text(const postgres::StartFacts& facts) {
  if (facts.server.wal_level.empty()) return "server      could not be asked\n";
  std::string text;
  if (const auto& slot = facts.server.slot) {
    text += fmt::format("slot        {}: confirmed_flush {}, restart {}, {}{}\n",
                        facts.options.slot, to_string(slot->confirmed_flush),
                        slot->restart ? to_string(*slot->restart) : "none", slot->wal_status,
                        slot->active ? fmt::format(", read by PID {}", slot->active_pid) : "");
  } else {
    text += "slot        " + facts.options.slot + " does not exist\n";
  }
  text += "server      log ends at " + to_string(facts.server.wal_end);
  if (facts.system.system_id != 0) {
    text += fmt::format(", cluster {}, timeline {}", facts.system.system_id, facts.system.timeline);
  }
  return text + "\n";
}

}  // namespace

std::string to_text(const CheckpointReport& report) {
  std::string text = fmt::format("pipeline    {}, identity {}\n", report.pipeline, report.identity);
  text += checkpoint_text(report.checkpoint) + server_text(report.facts);
  if (report.start) {
    return text + fmt::format("a start     would {} at {}\n",
                              report.checkpoint ? "resume" : "begin without a checkpoint",
                              place_of(report.start->from));
  }
  const Error& error = report.start.error();
  text += fmt::format("a start     would {}: {}\n", outcome(report), error.what);
  if (!error.hint.empty()) text += "remedy      " + error.hint + "\n";
  return text;
}

std::string to_json(const CheckpointReport& report, const PositionFormat& format) {
  Json start = {{"outcome", outcome(report)}};
  if (report.start) {
    start["position"] = Json::parse(format.to_json(report.start->from));
  } else {
    start["reason"] = report.start.error().what;
    start["remedy"] = report.start.error().hint;
  }
  Json object = {{"pipeline", report.pipeline}, {"identity", report.identity},
                 {"checkpoint", nullptr},       {"slot", nullptr},
                 {"server", nullptr},           {"start", std::move(start)}};
  if (report.checkpoint) object["checkpoint"] = checkpoint_json(*report.checkpoint, format);
  if (!report.facts.server.wal_level.empty()) object["server"] = server_json(report.facts);
  if (const auto& slot = report.facts.server.slot) {
    object["slot"] = slot_json(report.facts.options.slot, *slot);
  }
  return object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace outrider::app
