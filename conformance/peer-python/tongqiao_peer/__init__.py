"""A second client of the protocol, written from the text in conformance/spec alone.

It shares no line with the project's library. Where a docstring names a sentence such as TQ-SIG-014, the code below obeys
or checks that sentence. What the text left open while this was written stands in FINDINGS.md.
"""
