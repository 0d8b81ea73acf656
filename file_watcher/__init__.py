"""OEM side: notices finished files, remembers them in a journal, and hands out what no gateway has accepted yet.

The way through: each folder has a `lookout`, a thread of its own. There `observer` (events) and `walk` (scans) wake
the `reconciler`, which waits until a file is finished (`policies`), hashes it and writes it into the `journal`.
`routes` hands the journal to the data organizer.
"""
