-- What was handled already: the idempotent consumer's memory.
CREATE TABLE inbox (
  consumer    text NOT NULL,
  message_id  text NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, message_id)
);

-- So that old rows can be deleted once Kafka holds their records no longer.
CREATE INDEX inbox_received_at ON inbox (received_at);

-- What kept failing, with all that is needed to look at it and to handle it again.
CREATE TABLE parked_event (
  consumer        text NOT NULL,
  message_id      text NOT NULL,
  topic           text NOT NULL,
  kafka_partition integer NOT NULL,
  kafka_offset    bigint NOT NULL,
  type            text NOT NULL,
  payload         bytea NOT NULL,
  reason          text NOT NULL,
  parked_at       timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, message_id)
);
