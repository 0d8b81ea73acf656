"""The API says what it offers, and offers what the architecture promises."""

from typing import Any

from job_repository.app import create
from labrelay.settings import Settings

PROMISED = {
    "/api/v2/captures": {"post"},
    "/api/v2/captures/ended": {"get"},
    "/api/v2/captures/wanted": {"get"},
    "/api/v2/captures/{capture_id}": {"get"},
    "/api/v2/captures/{capture_id}/stored": {"post"},
    "/api/v2/captures/{capture_id}/trouble": {"post"},
    "/api/v2/owned": {"get"},
    "/api/v2/jobs": {"get"},
    "/api/v2/jobs/{job_id}": {"get"},
    "/api/v2/jobs/{job_id}/transitions": {"post"},
    "/api/v2/jobs/{job_id}/lease": {"post"},
    "/api/v2/jobs/{job_id}/timeline": {"get"},
    "/api/v2/jobs/{job_id}/retry": {"post"},
    "/api/v2/jobs/{job_id}/cancel": {"post"},
    "/api/v2/jobs/{job_id}/reprocess": {"post"},
    "/api/v2/summary": {"get"},
    "/api/v2/views": {"get", "post"},
    "/api/v2/views/{view_id}": {"delete"},
    "/api/v2/events": {"get"},
    "/api/v2/plates": {"get"},
    "/api/v2/plates/finished": {"get"},
    "/api/v2/plates/{plate_id}": {"get"},
    "/api/v2/plates/{plate_id}/table.csv": {"get"},
    "/api/v2/plates/{plate_id}/images.csv": {"get"},
    "/api/v2/tasks": {"get", "post"},
    "/api/v2/tasks/{task_id}": {"get", "put", "delete"},
    "/api/v2/epoch": {"get"},
    "/api/v2/audit/verify": {"get"},
    "/edge/v2/captures": {"post"},
    "/edge/v2/captures/ended": {"get"},
    "/api/v1/job": {"get", "post"},
    "/api/v1/job/{job_id}": {"get", "put", "delete"},
    "/api/v1/job/owner/{owner}": {"get"},
    "/api/v1/job/pipeline/{job_id}/{task_id}": {"put"},
}


def test_every_promised_call_is_documented(settings: Settings) -> None:
    document: dict[str, Any] = create(settings).openapi()
    offered = {path: set(calls) for path, calls in document["paths"].items()}
    for path, calls in PROMISED.items():
        assert calls <= offered.get(path, set()), path


def test_making_the_app_touches_no_disk(settings: Settings) -> None:
    create(settings)
    assert not settings.data.exists()
