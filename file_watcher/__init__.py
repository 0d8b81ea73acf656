"""OEM side: notices finished files, remembers them in a journal, and hands out what no gateway has accepted yet.

The way through: `observer` (events) and `walk` (scans) wake the `reconciler`, which waits until a file is finished
(`completion`), hashes it and writes it into the `journal`. `routes` hands the journal to the data organizer.
"""
