"""An independent client of the protocol, version 1, written from `conformance/spec` and `conformance/vectors` alone."""
