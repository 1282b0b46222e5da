"""Numbers by which a log's local times are told from each other where its zone changes."""

from datetime import UTC, datetime

from edges.log_reading import START_S, Rows, call, iso, joined, read_edge, reply


def local(t_s: float, hours: float = 0.0) -> str:
    """As a log writes it that is so far ahead of UTC."""
    return datetime.fromtimestamp(START_S + t_s + 3600 * hours, UTC).isoformat(" ")[:19]


def stepped(asked_s: float, later_s: float, before_h: float, after_h: float) -> str:
    """So many hours ahead of UTC, and behind the step so many."""
    return joined(
        [
            f"{local(0, before_h)} tx {reply(1, currentTime=iso(0))}",
            f"{local(asked_s, before_h)} rx {call(2)}",
            f"{local(later_s, after_h)} rx {call(3, 'Authorize', idTag='A')}",
            f"{local(later_s + 1, after_h)} tx {reply(2, currentTime=iso(later_s + 1))}",
        ]
    )


def local_times_that_go_back_by(x: float) -> str:
    """Two hours ahead of UTC, then one: the line behind the step back is 3,600 s - x later."""
    return stepped(60, 60 + 3600 - x, 2, 1)


def is_an_hour_early(rows: Rows) -> bool:
    third = datetime.fromisoformat(str(rows[2]["at"]).replace("Z", "+00:00")).timestamp()
    return third < START_S


def local_times_that_go_on_by(x: float) -> str:
    """An hour ahead of UTC, then two: the line behind the step on is so much later than its hour."""
    return stepped(5, 5 + x, 1, 2)


def is_an_hour_late(rows: Rows) -> bool:
    return str(rows[-1]["at"]) > iso(1800)


def is_off_after_the_night(rows: Rows) -> bool:
    return not str(rows[-1]["at"]).startswith("2024-03-01T05:00")


def a_night_that_goes_on_by(x: float) -> str:
    """After a pause of hours the times are so far ahead of UTC, where they were not before."""
    begin, late = -9 * 3600.0, -5 * 3600.0
    return joined(
        [
            f"{local(begin, 0)} tx {reply(1, currentTime=iso(begin))}",
            f"{local(begin + 60, 0)} rx {call(2)}",
            f"{local(late, -x / 3600)} rx {call(3, 'Authorize', idTag='A')}",
            f"{local(late + 1, -x / 3600)} tx {reply(2, currentTime=iso(late + 1))}",
        ]
    )


def an_hour_gone_at(x: float) -> str:
    """After a pause, and by the clock of the log then."""
    begin, late = -9 * 3600.0, 3600.0 * (x - 10)
    return joined(
        [
            f"{local(begin)} tx {reply(1, currentTime=iso(begin))}",
            f"{local(begin + 60)} rx {call(2)}",
            f"{local(late)} rx {call(3, 'Authorize', idTag='A')}",
            f"{local(late + 1)} tx {reply(2, currentTime=iso(late + 3601))}",
        ]
    )


def is_off_after_the_hour(rows: Rows) -> bool:
    return str(rows[-1]["at"])[:19] != str(rows[-1]["frame"][2]["currentTime"])[:19]


EDGES = (
    read_edge("zones.NIGHT_ENDS_H", 5, an_hour_gone_at, is_off_after_the_hour, 4.9, 5.1),
    read_edge("zones.JUMP_S", 60.0, local_times_that_go_on_by, is_an_hour_late, -59, -61),
    read_edge("zones.SUMMER_S", 3600.0, a_night_that_goes_on_by, is_off_after_the_night, 3600, 4500),
    read_edge("zones.BACK_S", 1200.0, local_times_that_go_back_by, is_an_hour_early, 1210, 1190),
)
