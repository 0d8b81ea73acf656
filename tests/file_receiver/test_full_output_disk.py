"""Results wait while the disk of the output folder has no room, say why, and come when it has."""

import pytest

from file_receiver.oem.delivery import Deliveries
from file_receiver.oem.errors import OutputFolderBlocked
from file_receiver.oem.places import Places
from file_receiver.oem.pulling import Puller
from file_receiver.oem.receipts import Receipts
from file_sender.gateway.jobs import offer_of
from labrelay import room
from labrelay.contracts.states import Stage
from labrelay.http import Client
from labrelay.pace import Pace
from labrelay.settings import Settings
from tests.file_receiver.doubles import Repository, capture_of, job_of, seal


def test_results_wait_for_room_on_the_instruments_disk(
    settings: Settings, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipts = Receipts(settings.oem_layout.receipts)
    receipts.open()
    places = Places(receipts, settings.oem.output_folder, folder_prefix=False)
    client = Client(settings.edge_url)
    puller = Puller(client, "oem", Pace.of(settings))
    deliveries = Deliveries(client, "oem", receipts, places, puller, settings.storage)
    job = job_of(capture_of("a.tif", b"image"), Stage.SEALING)
    repository.put(seal(settings.gateway_layout.root / "outputs", job, {"a_labels.tif": b"labels"}))
    offer = offer_of(repository.jobs[job.id])
    monkeypatch.setattr(room, "usage", lambda folder: (0.97, 10**12))
    with pytest.raises(OutputFolderBlocked, match="The disk of the output folder is 97% full"):
        deliveries.deliver(offer)
    assert "97% full" in deliveries.warning
    assert not (settings.oem.output_folder / "a_labels.tif").exists()
    monkeypatch.undo()
    deliveries.deliver(offer)
    assert (settings.oem.output_folder / "a_labels.tif").read_bytes() == b"labels"
    assert repository.stage(job.id) is Stage.COMPLETE
    receipts.close()
