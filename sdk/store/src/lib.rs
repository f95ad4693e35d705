//! What must survive a crash: the durable outbox, in memory and on SQLite.
