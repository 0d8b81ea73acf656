"""Why something can't be said of a result."""

from labrelay.errors import Conflict, Unprocessable


class NoResultsYet(Conflict):
    """The job has no sealed outputs."""

    code = "no_results_yet"
    default_next_step = "Wait until the job's results are sealed, then look at them first."


class ReviewChanged(Conflict):
    """Somebody else changed the review since it was seen; the member `revision` says which holds now."""

    code = "review_changed"
    default_next_step = "Look at the review as it stands now, then say it again."


class TooManyExcluded(Unprocessable):
    """More objects are left out than were found."""

    code = "too_many_excluded"
    default_next_step = "Name objects of this job's own mask."
