"""The SDK: one function becomes a pipeline that takes launches, claims jobs, keeps its lease and reports in order.

```python
@pipeline(topic="brightness", name="Brightness", description="Mean intensity of an image")
def brightness(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
    return Outcome(results=f"Brightness, {cv2.imread(str(capture.path), 0).mean():.1f}")

serve(brightness)  # until Ctrl-C; `Worker` is for a process of your own, such as a Bento
```

Outputs go directly into `output_dir`. Raise a `labrelay.errors.LabrelayError` to fail the job with a code, a cause and
a next step of your own; anything else that is raised becomes `pipeline_failed`. A test calls the function as it is:
`brightness(Capture.of(Path("a.png")), {}, tmp_path)`. For a task that waits for sets, `capture.members` are all of one.

Leases are renewed from a thread of their own at a quarter of the lease. OpenVINO, NumPy, OpenCV and file access let go
of Python's interpreter lock; a function of pure Python loops still shares it (a switch every 5 ms). Only native code
that keeps the lock for longer than the lease starves the renewal: such a call belongs into a process of its own.
"""

from pipelines.sdk.capture import Capture
from pipelines.sdk.outcome import Outcome, OutcomeInvalid
from pipelines.sdk.pipeline import Pipeline, pipeline
from pipelines.sdk.process import serve
from pipelines.sdk.worker import Worker

__all__ = ["Capture", "Outcome", "OutcomeInvalid", "Pipeline", "Worker", "pipeline", "serve"]
