"""What the page's script needs to know to tell whether a changed job belongs into the table."""

import json
from typing import Final

from labrelay.contracts.filters import JobFilter

MEMBERS: Final = {"instrument": "instrument", "pipeline": "pipeline", "code": "code", "plate": "plate_name"}
"""Names of the filter, and the member of a job's tile that each looks at."""
KNOWN: Final = {"stage", "path", "since", *MEMBERS}


def sure(wanted: JobFilter) -> bool:
    """Whether the script can tell; else the table is read anew when jobs change."""
    paths = wanted.path
    plain = len(paths) < 2 and not any(set(path) & set("*?") for path in paths)
    return plain and all(name in KNOWN for name, _ in wanted.pairs)


def having(wanted: JobFilter) -> str:
    """Values by member of a tile, as JSON: a job that belongs has one of each."""
    asked = {member: getattr(wanted, name) for name, member in MEMBERS.items()}
    return json.dumps({member: list(values) for member, values in asked.items() if values}, ensure_ascii=False)
