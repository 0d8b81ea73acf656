"""How many jobs a filter takes, by what they can be chosen by further."""

from collections.abc import Mapping

from labrelay.contracts.base import Contract


class Facets(Contract):
    """Counts of all jobs that a filter takes, not of one page; what no job has is left out.

    Attributes:
        status: AiCSD's.
        code: of failures.
    """

    total: int
    stage: Mapping[str, int]
    status: Mapping[str, int]
    code: Mapping[str, int]
    instrument: Mapping[str, int]
    pipeline: Mapping[str, int]
