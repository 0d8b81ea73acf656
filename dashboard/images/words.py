"""The count in words."""

from labrelay.contracts.verdicts import Review
from labrelay.words import _, ngettext


def count_words(review: Review) -> str:
    """`312 found`, or with exclusions `312 found, 2 excluded by Ada: 310`; empty where nothing is counted."""
    if review.found is None:
        return ""
    if not review.excluded:
        return _("{found} found").format(found=f"{review.found:,}")
    said = ngettext(
        "{found} found, {excluded} excluded by {people}: {left}",
        "{found} found, {excluded} excluded by {people}: {left}",
        len(review.excluded),
    )
    counts = {"found": review.found, "excluded": len(review.excluded), "left": review.corrected_count or 0}
    return said.format(people=excluders(review), **{name: f"{count:,}" for name, count in counts.items()})


def excluders(review: Review) -> str:
    """Who took objects out of the count, in the order of their names."""
    return ", ".join(sorted({each.by for each in review.excluded}))
