// The narrow seam between the Kafka sink and a cluster: all the sink needs of a client. Implemented
// by librdkafka_client.cpp and by a simulated cluster.
#pragma once

#include "connectors/kafka/error_table.h"
#include "connectors/notice.h"
#include "connectors/record.h"
#include "relay/base/time.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace outrider::kafka {

/// What takes time: it runs on the client's worker, one job after the other.
struct LookJob {};  ///< Make sure of the checkpoint topic and read it; fences nobody.
struct OpenJob {    ///< Make the producer, fence, read the checkpoint that counts, begin.
  std::size_t batch_bytes_max = 0;  ///< No larger batch is sent.
};
/// Commit once more with one of the producers, and read the checkpoint again: ends what the commit
/// before it left open. After an OpenJob or RecommitJob that found the checkpoint hidden. The next
/// transaction is of the same producer, and ends what was left open where its records go.
struct RecommitJob {
  std::size_t producer = 0;
};
struct TopicJob {  ///< Does the topic exist? Creates it if that is allowed.
  std::string topic;
};
struct CountJob {  ///< How many partitions has the topic now?
  std::string topic;
};
struct CommitJob {  ///< Write the checkpoint, commit, begin the next transaction.
  std::string checkpoint;
};
struct CloseJob {};  ///< Abort what is open, as far as possible in little time, and let go.
using Job = std::variant<LookJob, OpenJob, RecommitJob, TopicJob, CountJob, CommitJob, CloseJob>;

/// What librdkafka sends in one batch unless told otherwise.
inline constexpr std::size_t kBatchBytesMax = 1'000'000;

/// The tag of checkpoint records in reports; those of tickets have 31 bits.
inline constexpr std::uint32_t kCheckpointTag = 0xFFFF'FFFF;

/// A record with our key that consumers do not see, because its transaction is still open.
struct HiddenCheckpoint {
  std::string record;
  std::size_t producer = 0;  ///< Which of the transactional ids wrote it.
  /// The transaction coordinator's log proves a commit; false proves nothing.
  bool is_committed = false;
};

/// The checkpoint topic as it is, and what stands in it.
struct CheckpointFacts {
  int partitions = 0;
  std::string cleanup_policy;
  /// The values of the last records with our key, oldest first; empty: there is none.
  std::vector<std::string> records = {};
  /// When each of them was written; shorter where that is not known.
  std::vector<std::optional<WallTime>> written_at = {};
  /// False if records of a transaction still open hide what comes after them.
  bool is_complete = true;
  /// The first of what is hidden, if it is ours; looked for after fencing only.
  std::optional<HiddenCheckpoint> hidden = std::nullopt;
};

/// A topic that records can be produced to.
struct TopicFacts {
  int handle = -1;  ///< Names the topic in produce(); negative: the topic does not exist.
  int partitions = 0;
  std::size_t record_bytes_max = 0;  ///< What the client and the topic take.
  std::size_t topic_bytes_max = 0;   ///< What the topic takes in one batch.
};

struct PartitionCount {
  int partitions = 0;
};

struct Done {};
struct JobFailure {
  ClientError error;
  std::string act;  ///< What was tried.

  Error to_error() const { return kafka::to_error(error, act); }
};
using JobResult = std::variant<CheckpointFacts, TopicFacts, PartitionCount, Done, JobFailure>;

/// What became of records, by the numbers given to produce().
struct Reports {
  struct Acknowledged {
    std::uint32_t tag = 0;
    std::uint64_t records = 0;
  };
  struct Failed {
    std::uint32_t tag = 0;
    std::uint32_t offset = 0;
    ClientError error;
  };
  std::vector<Acknowledged> acknowledged;  ///< Only asked for in at_least_once.
  std::optional<Failed> failed;            ///< The first one.
  std::uint64_t failures = 0;
};

/// All calls from the pipeline's thread; none blocks. Submit nothing while busy().
class Client {
 public:
  enum class Produced { Taken, QueueFull, Failed };

  virtual ~Client() = default;

  virtual void submit(Job job) = 0;
  virtual bool busy() const = 0;
  /// The result of the job under way does not matter any more: let it end soon.
  virtual void hurry() = 0;
  /// The result of the job, once; then the client is no longer busy.
  virtual std::optional<JobResult> take_result() = 0;

  /// Copies the record into the producer's queue. `tag` and `offset` come back in the reports. On
  /// Failed last_error() says why; the transaction does not know of it and must not be committed.
  virtual Produced produce(const Record& record, int topic_handle, std::uint32_t tag,
                           std::uint32_t offset) = 0;
  /// The same for a checkpoint outside transactions.
  virtual Produced produce_checkpoint(std::string_view value, std::uint32_t tag) = 0;
  virtual const ClientError& last_error() const = 0;

  virtual Reports take_reports() = 0;

  /// Readable when there is a result, a report, or room after QueueFull.
  virtual int wake_fd() const = 0;
  /// Call when woken, before taking anything.
  virtual void lower_wake() = 0;
  virtual Notices take_notices() = 0;
};

}  // namespace outrider::kafka
