#include "relay/app/log.h"

#include "relay/app/clock.h"
#include "relay/app/log_line.h"
#include "relay/base/assert.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <utility>

namespace outrider::app {
namespace {

spdlog::level::level_enum level_of(Notice::Severity severity) {
  switch (severity) {
    case Notice::Severity::Debug:
      return spdlog::level::debug;
    case Notice::Severity::Info:
      return spdlog::level::info;
    case Notice::Severity::Warning:
      return spdlog::level::warn;
    case Notice::Severity::Error:
      return spdlog::level::err;
  }
  OUTRIDER_ASSERT(false, "severity out of range");
}

}  // namespace

Log::Log(Options options)
    : options_(options),
      logger_(std::make_unique<spdlog::logger>("outrider",
                                               std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
  logger_->set_pattern("%v");
  logger_->set_level(level_of(options_.least));
  logger_->flush_on(spdlog::level::trace);
}

Log::~Log() = default;

void Log::say(std::string_view pipeline, const Notice& notice, TimePoint now) {
  if (notice.severity < options_.least) return;
  const std::scoped_lock lock(mutex_);
  write(filter_.admit({std::string(pipeline), notice}, now));
}

void Log::info(std::string what) {
  say({}, {Notice::Severity::Info, std::move(what)}, clock_now().steady);
}

void Log::error(const std::string& what, const std::string& hint) {
  say({}, {Notice::Severity::Error, what, hint}, clock_now().steady);
}

void Log::tick(TimePoint now) {
  const std::scoped_lock lock(mutex_);
  write(filter_.due(now));
}

void Log::write(const std::vector<Line>& lines) {
  const WallTime time = wall_now();
  for (const Line& line : lines) {
    logger_->log(level_of(line.notice.severity), options_.format == LineFormat::Json
                                                     ? format_json(line, time)
                                                     : format_text(line, time));
  }
}

}  // namespace outrider::app
