//! Reference platform and vendors' sandbox.
