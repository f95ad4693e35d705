//! The pure state machines of Tongqiao: case life, bill life, outbox, leases.
