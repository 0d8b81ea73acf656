"""Who may call which route of which service: decided here, and compared with what the routes say of themselves.

A new route belongs here too; `service` means labrelay's own services and command alone, and a higher role of people
includes the lower ones (viewer, operator, admin).
"""

from typing import Final

TABLE: Final = """
file-watcher
  GET    /api/v2/journal/pending: service
  POST   /api/v2/journal/accepted: service
  POST   /api/v2/journal/resync: service
  POST   /api/v2/journal/refused: service
  POST   /api/v2/journal/ended: service
  GET    /api/v2/journal: viewer
  GET    /api/v2/status: viewer
  POST   /api/v2/scan: operator
  GET    /api/v2/preview: viewer
data-organizer
  POST   /api/v1/notifyNewFile: operator
  POST   /api/v1/retry: operator
  GET    /api/v2/status: viewer
  GET    /api/v2/attributes: viewer
file-sender-oem
  GET    /api/v2/retention: viewer
  POST   /api/v2/retention/run: admin
  POST   /api/v1/retry: operator
  POST   /api/v1/dataToHandle: operator
  GET    /api/v2/status: viewer
file-receiver-oem
  POST   /api/v1/retry: operator
  GET    /api/v2/receipts/named: service
  GET    /api/v2/status: viewer
job-repository
  GET    /api/v2/owned: service
  GET    /api/v2/owned/news: service
  GET    /api/v2/jobs: instrument viewer
  HEAD   /api/v2/jobs: instrument viewer
  GET    /api/v2/jobs/tiles: viewer
  GET    /api/v2/jobs/{job_id}: instrument viewer
  HEAD   /api/v2/jobs/{job_id}: instrument viewer
  GET    /api/v2/jobs/{job_id}/set: instrument viewer
  GET    /api/v2/jobs/{job_id}/timeline: instrument viewer
  GET    /api/v2/jobs/{job_id}/phases: instrument viewer
  POST   /api/v2/jobs/{job_id}/transitions: service
  POST   /api/v2/jobs/{job_id}/lease: service
  POST   /api/v2/jobs/{job_id}/retry: operator
  POST   /api/v2/jobs/{job_id}/cancel: operator
  POST   /api/v2/jobs/{job_id}/reprocess: operator
  GET    /api/v2/verdicts: viewer
  GET    /api/v2/reviews: viewer
  GET    /api/v2/reviews/queue: viewer
  GET    /api/v2/jobs/{job_id}/verdict: viewer
  PUT    /api/v2/jobs/{job_id}/verdict: operator
  PUT    /api/v2/jobs/{job_id}/exclusions: operator
  GET    /api/v2/summary: viewer
  GET    /api/v2/failures: viewer
  POST   /api/v2/failures/waive: operator
  DELETE /api/v2/failures/waivers/{number}: operator
  GET    /api/v2/throughput: viewer
  GET    /api/v2/epoch: viewer
  POST   /api/v2/actions: operator
  GET    /api/v2/actions: viewer
  GET    /api/v2/actions/{action_id}: viewer
  GET    /api/v2/actions/{action_id}/jobs: viewer
  POST   /api/v2/actions/{action_id}/run: operator
  POST   /api/v2/actions/{action_id}/stop: operator
  GET    /api/v2/views: viewer
  POST   /api/v2/views: operator
  DELETE /api/v2/views/{view_id}: operator
  POST   /api/v2/captures: instrument
  GET    /api/v2/captures: instrument viewer
  GET    /api/v2/captures/ended: instrument
  GET    /api/v2/captures/wanted: service
  GET    /api/v2/captures/{capture_id}: instrument viewer
  POST   /api/v2/captures/{capture_id}/stored: service
  POST   /api/v2/captures/{capture_id}/trouble: service
  GET    /api/v2/tasks: viewer
  POST   /api/v2/tasks: admin
  POST   /api/v2/tasks/preview: operator
  GET    /api/v2/tasks/{task_id}: viewer
  GET    /api/v2/tasks/{task_id}/versions: viewer
  PUT    /api/v2/tasks/{task_id}: admin
  DELETE /api/v2/tasks/{task_id}: admin
  GET    /api/v2/instruments: viewer
  GET    /api/v2/instruments/installations: viewer
  DELETE /api/v2/instruments/{instrument}/installation: admin
  GET    /api/v2/instruments/{instrument}/pause: viewer
  PUT    /api/v2/instruments/{instrument}/pause: operator
  GET    /api/v2/instruments/drained: viewer
  PUT    /api/v2/instruments/{instrument}/drain: operator
  GET    /api/v2/plates: viewer
  GET    /api/v2/plates/finished: viewer
  GET    /api/v2/plates/maps: viewer
  GET    /api/v2/plates/unplated: viewer
  GET    /api/v2/plates/{plate_id}: viewer
  GET    /api/v2/plates/{plate_id}/wells: viewer
  GET    /api/v2/plates/{plate_id}/images: viewer
  POST   /api/v2/plates/{plate_id}/close: operator
  GET    /api/v2/plates/{plate_id}/table.csv: viewer
  GET    /api/v2/plates/{plate_id}/images.csv: viewer
  GET    /api/v2/events: viewer
  GET    /api/v2/tokens: admin
  POST   /api/v2/tokens: admin
  POST   /api/v2/tokens/roll: service
  DELETE /api/v2/tokens/{token_id}: admin
  GET    /api/v2/audit: operator
  GET    /api/v2/audit/verify: operator
  POST   /api/v2/audit/verify: operator
  POST   /api/v2/audit/acts: service
  GET    /api/v2/health: viewer
  POST   /api/v2/health/unknown: operator
  POST   /api/v2/retention/{kind}/judge: service
  POST   /api/v2/retention/released: service
  POST   /api/v2/retention/ended: service
  GET    /api/v2/retention/{kind}/going: service
  GET    /api/v2/instruments/reports: viewer
  GET    /api/v2/alarms: viewer
  POST   /api/v2/alarms/{number}/acknowledge: operator
  GET    /api/v2/alarms/rules: viewer
  PUT    /api/v2/alarms/rules: operator
  DELETE /api/v2/alarms/rules/{kind}: operator
  GET    /api/v2/alarms/channels: viewer
  POST   /api/v2/alarms/channels/{name}/test: operator
  GET    /api/v2/alarms/deliveries: operator
  GET    /api/v2/retention/questions: service
  POST   /api/v2/retention/vouchers: service
  POST   /edge/v2/captures: instrument
  GET    /edge/v2/captures/ended: instrument
  POST   /edge/v2/captures/watching: instrument
  POST   /edge/v2/captures/paused: instrument
  POST   /api/v1/job: operator
  GET    /api/v1/job: viewer
  GET    /api/v1/job/owner/{owner}: viewer
  GET    /api/v1/job/{job_id}: viewer
  PUT    /api/v1/job/pipeline/{job_id}/{task_id}: anyone
  PUT    /api/v1/job/{job_id}: operator
  DELETE /api/v1/job/{job_id}: operator
  GET    /api/v2/retention: viewer
  POST   /api/v2/retention/run: admin
data-organizer-gateway
  POST   /api/v2/captures: instrument operator
task-launcher
  GET    /api/v2/tasks: viewer
  POST   /api/v2/tasks: admin
  GET    /api/v2/tasks/{task_id}: viewer
  PUT    /api/v2/tasks/{task_id}: admin
  DELETE /api/v2/tasks/{task_id}: admin
  POST   /api/v2/explain: viewer
  POST   /api/v2/claims: pipeline
  POST   /api/v2/leases/{job_id}/{task_id}: anyone
  GET    /api/v2/pipelines: viewer
  POST   /api/v2/pipelines/{topic:path}/pause: operator
  POST   /api/v2/pipelines/{topic:path}/drain: operator
  POST   /api/v2/pipelines/{topic:path}/resume: operator
  GET    /api/v2/first: viewer
  PUT    /api/v2/first: operator
  POST   /api/v1/task: admin
  GET    /api/v1/task: viewer
  GET    /api/v1/task/{task_id}: viewer
  PUT    /api/v1/task: admin
  DELETE /api/v1/task/{task_id}: admin
  POST   /api/v1/matchTask: viewer
  POST   /api/v1/dataToHandle: operator
  POST   /api/v1/pipelineStatus/{job_id}/{task_id}: anyone
  POST   /api/v1/retry: operator
  GET    /api/v2/retention: viewer
  POST   /api/v2/retention/run: admin
file-receiver-gateway
  GET    /edge/v2/inputs: instrument
  HEAD   /edge/v2/inputs/{capture_id}: instrument
  PUT    /edge/v2/inputs/{capture_id}: instrument
  POST   /edge/v2/inputs/{capture_id}/trouble: instrument
  GET    /edge/v2/inputs/retention/questions: instrument
  POST   /edge/v2/inputs/retention/vouchers: instrument
  POST   /edge/v2/inputs/retention/{kind}/judge: instrument
  POST   /edge/v2/inputs/retention/released: instrument
  POST   /edge/v2/inputs/retention/ended: instrument
  GET    /api/v2/retention: viewer
  POST   /api/v2/retention/run: admin
  POST   /api/v1/retry: operator
file-sender-gateway
  GET    /edge/v2/returns: instrument
  POST   /edge/v2/returns/{job_id}/trouble: instrument
  POST   /edge/v2/returns/{job_id}/accept: instrument
  GET    /edge/v2/returns/{job_id}/outputs/{index}: instrument
  POST   /edge/v2/receipts: instrument
  GET    /api/v2/jobs/{job_id}/inputs/{index}: instrument viewer
  GET    /api/v2/jobs/{job_id}/outputs: instrument viewer
  GET    /api/v2/jobs/{job_id}/outputs/{index}: instrument viewer
  HEAD   /api/v2/jobs/{job_id}/outputs/{index}: instrument viewer
  GET    /api/v2/retention: viewer
  POST   /api/v2/retention/run: admin
  GET    /api/v1/transmitFile/{jobid}/{fileid}: viewer
  POST   /api/v1/retry: operator
  POST   /api/v1/archiveFile/{jobid}: operator
  DELETE /api/v1/reject/{jobid}: operator
  POST   /api/v1/reject/{jobid}: operator
pipeline-registry
  GET    /api/v1/pipelines: pipeline viewer
  POST   /api/v2/pipelines/{topic:path}/heartbeat: pipeline
  GET    /api/v2/pipelines: pipeline viewer
  GET    /api/v2/models: viewer
  GET    /api/v2/models/{name}: viewer
  PUT    /api/v2/models/{name}: admin
  POST   /api/v2/models/{name}/verify: operator
  GET    /api/v2/jobs/{job_id}/planes: viewer
  GET    /api/v2/jobs/{job_id}/planes/{number}: viewer
  GET    /api/v2/jobs/{job_id}/labels: viewer
  GET    /api/v2/jobs/{job_id}/objects: viewer
dashboard
  GET    /: viewer
  GET    /jobs: viewer
  GET    /jobs.json: viewer
  GET    /jobs.csv: viewer
  GET    /jobs.xlsx: viewer
  POST   /jobs/views: operator
  POST   /jobs/views/{view_id}/remove: operator
  GET    /jobs/bulk: viewer
  POST   /jobs/bulk: operator
  GET    /jobs/bulk/{action_id}.json: viewer
  GET    /jobs/bulk/{action_id}: viewer
  POST   /jobs/bulk/{action_id}/run: operator
  POST   /jobs/bulk/{action_id}/stop: operator
  GET    /jobs/{job_id}: viewer
  GET    /jobs/{job_id}.json: viewer
  POST   /jobs/{job_id}/{action}: operator
  POST   /jobs/{job_id}/verdict/{verdict}: operator
  GET    /instruments: viewer
  GET    /instruments.json: viewer
  POST   /instruments/{instrument}/replace: admin
  POST   /instruments/{instrument}/{act}: operator
  POST   /alarms/rules: operator
  POST   /alarms/{number}/acknowledge: operator
  POST   /alarms/channels/{name}/test: operator
  GET    /jobs/{job_id}/outputs/{index}: viewer
  GET    /events: viewer
  GET    /api/v2/doctor: viewer
  GET    /now.json: viewer
  GET    /inbox: viewer
  GET    /inbox.json: viewer
  POST   /inbox/waive: operator
  POST   /inbox/waivers/{number}/withdraw: operator
  GET    /inbox/rule: viewer
  POST   /inbox/rule: admin
  GET    /inbox/parameters/{task_id}: viewer
  POST   /inbox/parameters/{task_id}: admin
  GET    /system: viewer
  GET    /models: viewer
  GET    /models.json: viewer
  GET    /models/{name}: viewer
  PUT    /models/{name}: admin
  POST   /models/{name}/verify: operator
  GET    /tasks: viewer
  GET    /tasks.json: viewer
  GET    /tasks/new: admin
  GET    /tasks/{task_id}: viewer
  POST   /tasks/{task_id}: admin
  POST   /tasks/{task_id}/versions/{version}: admin
  POST   /tasks/{task_id}/delete: admin
  GET    /system.json: viewer
  GET    /system/audit: operator
  POST   /system/audit: operator
  GET    /system/audit.json: operator
  GET    /system/audit.csv: operator
  GET    /system/audit.xlsx: operator
  GET    /api: viewer
  GET    /api.json: viewer
  GET    /review: viewer
  GET    /review.json: viewer
  POST   /review/{job_id}/verdict: operator
  GET    /images/{job_id}.json: viewer
  GET    /images/{job_id}/planes: viewer
  GET    /images/{job_id}/planes/{number}: viewer
  GET    /images/{job_id}/labels: viewer
  GET    /images/{job_id}/objects.json: viewer
  GET    /images/{job_id}/objects.{kind}: viewer
  GET    /images/{job_id}: viewer
  POST   /images/{job_id}/exclusions: operator
  GET    /plates: viewer
  GET    /plates.json: viewer
  GET    /plates/unplated: viewer
  GET    /plates/unplated.json: viewer
  GET    /plates/compare: viewer
  GET    /plates/compare.json: viewer
  GET    /plates/{plate}: viewer
  GET    /plates/{plate}.json: viewer
  GET    /plates/{plate}.csv: viewer
  GET    /plates/{plate}.xlsx: viewer
  GET    /plates/{plate}/images.json: viewer
  GET    /plates/{plate}/wells/{well}: viewer
  *      /static: anyone
  GET    /login: anyone
  POST   /login: anyone
  POST   /logout: anyone
  POST   /preferences: anyone
"""

EVERYWHERE: Final = {
    ("GET", "/openapi.json"): "admin instrument operator pipeline viewer",
    ("HEAD", "/openapi.json"): "admin instrument operator pipeline viewer",
    ("GET", "/healthz"): "anyone",
    ("GET", "/readyz"): "anyone",
    ("GET", "/metrics"): "viewer",
    ("GET", "/api/v2/ping"): "anyone",
}


def table() -> dict[str, dict[tuple[str, str], str]]:
    """By service: method and path → who may, in alphabetical order."""
    services: dict[str, dict[tuple[str, str], str]] = {}
    for line in TABLE.strip().splitlines():
        if not line.startswith(" "):
            rows = services.setdefault(line, dict(EVERYWHERE))
            continue
        route, _, who = line.rpartition(": ")
        method, path = route.split()
        rows[method, path] = who
    return services
