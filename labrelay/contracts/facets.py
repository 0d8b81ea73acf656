"""How many jobs a filter takes, by what they can be chosen by further."""

from collections.abc import Mapping

from labrelay.contracts.base import Contract


class Facets(Contract):
    """Counts of all jobs that a filter takes, not of one page; what no job has is left out.

    Attributes:
        total: how many, where `exact`; else at least so many, as not all jobs were looked at.
        exact: False where that would have taken too long: all counts are then of the newest jobs alone.
        status: AiCSD's.
        code: of failures.
        task: ids of tasks.
    """

    total: int
    exact: bool = True
    stage: Mapping[str, int]
    status: Mapping[str, int]
    code: Mapping[str, int]
    instrument: Mapping[str, int]
    pipeline: Mapping[str, int]
    task: Mapping[str, int] = {}
