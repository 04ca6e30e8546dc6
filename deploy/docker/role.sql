-- The relay's own role. It needs no more than this; `outrider setup` grants the rest.
CREATE ROLE outrider LOGIN REPLICATION;
