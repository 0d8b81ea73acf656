"""What an upload holds can be asked while others publish and delete the same content."""

import threading
from pathlib import Path

from file_receiver.gateway.upload import Upload
from labrelay.files import temporary_beside
from labrelay.inputs import publish_blob

CONTENT = b"pixels"
ROUNDS = 300


def test_what_is_held_can_be_asked_while_the_content_comes_and_goes(tmp_path: Path) -> None:
    blob = tmp_path / "ab" / "abcd"
    blob.parent.mkdir()
    upload, over = Upload(blob, "capture", len(CONTENT), "abcd"), threading.Event()

    def come_and_go() -> None:
        for _ in range(ROUNDS):
            part = temporary_beside(blob, "capture")
            part.write_bytes(CONTENT)
            publish_blob(part, blob, len(CONTENT))
            blob.unlink()
        over.set()

    thread, told = threading.Thread(target=come_and_go), set()
    thread.start()
    while not over.is_set():
        told.add(upload.held)
    thread.join()
    assert told <= {0, len(CONTENT)}
    assert len(told) == 2
