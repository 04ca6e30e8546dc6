CREATE TABLE users (
  id      uuid PRIMARY KEY,
  name    text NOT NULL,
  email   text NOT NULL,
  -- Rises with every change; events carry it, so that a copy knows which of two is newer.
  version bigint NOT NULL CHECK (version > 0)
);
