"""A pipeline that takes sets: it writes down what it was given, in order. `python -m tests.intake.set_pipeline`."""

import json
from collections.abc import Mapping
from pathlib import Path

from labrelay.files import digest_file
from pipelines.sdk import Capture, Outcome, pipeline, serve


@pipeline(topic="sets", name="Sets", description="Writes down the digests of all files of a set")
def sets(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
    """One JSON file: channel and digest of each member as it was read, in the order of the set."""
    read = {channel: digest_file(member.path)[0] for channel, member in capture.by("channel").items()}
    told = output_dir / f"{capture.stem}_set.json"
    told.write_text(json.dumps({str(channel): digest for channel, digest in read.items()}))
    return Outcome([told], results=f"Channels, {len(read)}")


if __name__ == "__main__":
    serve(sets)
