"""Why a member of a set ends without a result of its own set."""

from labrelay.errors import InputProblem


class SetIncomplete(InputProblem):
    """Not all files of a set came before its deadline."""

    code = "set_incomplete"
    default_next_step = (
        "Look at the instrument for the missing files. When they are there, retry this job: its set goes on."
    )
    retryable = True


class SetLate(InputProblem):
    """The file came after its set had been worked on."""

    code = "set_late"
    default_next_step = "Reprocess the job that leads the set: it takes this file in."
    retryable = True


class SetFailed(InputProblem):
    """The set of the file failed; the cause and the next step are those of the job that leads it."""

    code = "set_failed"
    default_next_step = "Look at the job that leads the set; a retry takes the whole set along."
    retryable = True


class SetUnexpected(InputProblem):
    """The file has no value that its task's rule for sets asks for."""

    code = "set_unexpected"
    default_next_step = "Let the task's selector leave such files out, or change its rule and reprocess the job."
    retryable = True


class SetSuperseded(InputProblem):
    """A newer file counts in the set in place of this one."""

    code = "set_superseded"
    default_next_step = "Look at the file that counts in its place."
    retryable = False
