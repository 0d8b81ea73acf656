"""The job repository: live jobs in Redis, the permanent record in SQL, and the one place that changes a job.

The way of a step: `routes` → `jobs` (read, `transitions.apply`, compare-and-set in `live`) → `jobs:events` →
`record.projector`.
"""
