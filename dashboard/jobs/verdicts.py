"""How a verdict on a result is called."""

from typing import Final

from labrelay.contracts.verdicts import Judgement
from labrelay.words import N_

VERDICTS: Final[dict[Judgement, str]] = {
    Judgement.ACCEPT: N_("Accept"),
    Judgement.REJECT: N_("Reject"),
    Judgement.UNSURE: N_("Unsure"),
}
GIVEN: Final[dict[Judgement, str]] = {
    Judgement.ACCEPT: N_("Accepted"),
    Judgement.REJECT: N_("Rejected"),
    Judgement.UNSURE: N_("Unsure"),
    Judgement.NONE: N_("Nobody has judged it yet"),
}
