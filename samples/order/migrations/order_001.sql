-- A copy of what the user service told by events; nobody but their handlers writes it.
CREATE TABLE customer (
  id      uuid PRIMARY KEY,
  name    text NOT NULL,
  email   text NOT NULL,
  -- The user service's version of this state: an older event never overwrites a newer one.
  version bigint NOT NULL CHECK (version > 0)
);

CREATE TABLE orders (
  id          uuid PRIMARY KEY,
  -- No foreign key: an order may come before the event that tells of its customer.
  customer_id uuid NOT NULL,
  product     text NOT NULL,
  quantity    bigint NOT NULL CHECK (quantity > 0),
  status      text NOT NULL CHECK (status IN ('pending', 'confirmed', 'cancelled')),
  -- Rises with every event about the order.
  version     bigint NOT NULL CHECK (version > 0)
);

CREATE INDEX orders_pending ON orders (customer_id) WHERE status = 'pending';
