from labrelay.errors import LabrelayError, NotFound, ServiceUnavailable, error_tree
from labrelay.http.problem import error_from, problem_of


def test_every_error_has_a_code_of_its_own_a_next_step_and_a_status() -> None:
    tree = error_tree()
    assert len(tree) >= 10
    for code, kind in tree.items():
        assert kind.code == code
        assert kind.default_next_step.endswith((".", "?"))
        assert 400 <= kind.status < 600


def test_an_error_survives_the_way_over_http() -> None:
    sent = NotFound("Nothing is called x.", next_step="Look elsewhere.", wanted="x")
    received = error_from(problem_of(sent), 404)
    assert isinstance(received, NotFound)
    assert (received.cause, received.next_step) == ("Nothing is called x.", "Look elsewhere.")
    assert received.extra == {"wanted": "x"}


def test_an_unknown_code_becomes_the_error_of_its_status() -> None:
    assert isinstance(error_from({"code": "what_is_this"}, 503), ServiceUnavailable)
    assert type(error_from({}, 418)) is LabrelayError
