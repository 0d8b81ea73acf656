"""The last hour as a drawing."""

from dashboard.now.chart import HEIGHT, WIDTH, chart_of
from labrelay.contracts.failures import Minute, Throughput

MINUTE_NS = 60_000_000_000


def throughput(steps: list[tuple[int, int]], backlog: int) -> Throughput:
    minutes = tuple(Minute(at_ns=at * MINUTE_NS, arrived=came, ended=went) for at, (came, went) in enumerate(steps))
    arrived, ended = sum(came for came, _ in steps), sum(went for _, went in steps)
    told = {"clears_ns": None, "over_minutes": 15}
    return Throughput(minutes=minutes, arrived=arrived, ended=ended, backlog=backlog, **told)


def test_the_backlog_is_counted_back_from_now() -> None:
    chart = chart_of(throughput([(4, 0), (2, 3), (0, 2)], 1))
    assert chart is not None
    assert [row.backlog for row in chart.rows] == [1, 3, 4]
    assert [(row.arrived, row.ended) for row in chart.rows] == [(0, 2), (2, 3), (4, 0)]
    assert (chart.most_ended, chart.most_waiting) == (3, 4)


def test_all_that_is_drawn_lies_in_the_box() -> None:
    chart = chart_of(throughput([(9, 0), (0, 5), (0, 4)], 0))
    assert chart is not None
    for x, y, width, height in chart.bars:
        assert 0 <= x <= x + width <= WIDTH
        assert 0 <= y <= y + height <= HEIGHT + 0.2
    points = [tuple(map(float, point.split(","))) for point in chart.line.split()]
    assert points == [(100.0, 0.0), (300.0, 66.7), (500.0, 120.0)]


def test_an_hour_without_anything_has_no_chart() -> None:
    assert chart_of(throughput([(0, 0)] * 60, 0)) is None
    assert chart_of(throughput([], 3)) is None
    assert chart_of(throughput([(0, 0)] * 60, 3)) is not None
