"""How verdicts are said, and the reasons that are offered for a rejection."""

from typing import Final

from labrelay.contracts.reviews import Order
from labrelay.contracts.verdicts import Judgement, Review
from labrelay.words import N_, _

REASONS: Final = (
    N_("Out of focus"),
    N_("Objects missed"),
    N_("Objects merged or split"),
    N_("Dirt counted as objects"),
    N_("Wrong place or empty well"),
)
"""Kept on record as they stand here, in English; pages say them in the reader's language."""
ORDERS: Final[dict[Order, str]] = {
    Order.NEWEST: N_("Newest first"),
    Order.FLAGGED: N_("Flagged first"),
    Order.RANDOM: N_("Random sample"),
}
JUDGED: Final = {
    "no": N_("Without a verdict"),
    "yes": N_("With a verdict"),
    "any": N_("All"),
}


def said_of(review: Review) -> str:
    """`Rejected by Ada: Out of focus`; empty where nobody has said anything."""
    if not review.verdict:
        return ""
    words = {
        Judgement.ACCEPT: _("Accepted by {who}"),
        Judgement.REJECT: _("Rejected by {who}"),
        Judgement.UNSURE: _("{who} is unsure"),
    }[review.verdict].format(who=review.by)
    reason = _(review.reason) if review.reason in REASONS else review.reason
    return _("{verdict}: {reason}").format(verdict=words, reason=reason) if reason else words
