"""Prometheus metrics of the job repository."""

from prometheus_client import Counter, Gauge, Histogram

STEPS = Counter("labrelay_job_steps", "Steps taken, by name.", ["step"])
REFUSALS = Counter("labrelay_job_refusals", "Steps refused, by code.", ["code"])
ANNOUNCED = Counter("labrelay_captures_announced", "New captures, by instrument.", ["instrument"])
BROKEN_SELECTORS = Counter("labrelay_selectors_broken", "Selectors that could not be evaluated, by task.", ["task"])
PROJECTOR_LAG = Gauge("labrelay_projector_lag_events", "Events that the record doesn't hold yet.")
PROJECTED = Histogram("labrelay_projector_batch_seconds", "Time to bring one batch into the record.")
DAMAGED = Counter("labrelay_live_store_damaged", "Restores because something in the live store had changed by itself.")
RESTORES = Counter("labrelay_live_store_restores", "Restores of the live store from the record.")
