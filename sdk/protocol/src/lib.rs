//! Wire types, identifiers, code sets, error registry and canonical bytes of the Tongqiao protocol.
