"""Flume's configuration agrees with the other programs, and its time pattern with the calendar."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.cluster.services import BY_NAME
from footfall.cluster.supervision import configure
from footfall.events.times import parse_rfc3339_ms
from footfall.logs import layout
from footfall.logs.positions import position_file
from footfall.names import LOG_KINDS
from footfall.settings import Settings
from footfall.site_registry import DEMO_SITES

_SETTINGS = Settings()
_CONF = dict(
    line.split(" = ", 1)
    for line in configure.render(_SETTINGS, BY_NAME["flume"])["flume.conf"].splitlines()
    if " = " in line and not line.startswith("#")
)
# Python reads the pattern as Java does: it uses nothing in which they differ.
_TIME = re.compile(_CONF["a.sources.lines.interceptors.own.regex"])
_ACCESS = '10.1.2.0 - - [24/Nov/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "{agent}" shop 01a 12 {time}'
_DAYS = [date(2000, 1, 1) + timedelta(days=number) for number in range(36_525)]


def _own_time(line: str) -> str | None:
    found = _TIME.search(line)
    return None if found is None else found[1]


def test_each_site_and_kind_is_read_and_named() -> None:
    groups = _CONF["a.sources.lines.filegroups"].split()
    assert len(groups) == (len(DEMO_SITES) + 1) * len(LOG_KINDS)
    for app in (*DEMO_SITES, layout.ADDED):
        for kind in LOG_KINDS:
            folder, _, pattern = _CONF[f"a.sources.lines.filegroups.{app}-{kind}"].rpartition("/")
            assert folder == f"{_SETTINGS.logs_dir}/sites/{app}"
            assert re.fullmatch(pattern, f"{kind}-20261124T080000.123Z.log")
            assert not re.fullmatch(pattern, "other-20261124T080000.123Z.log")
            assert _CONF[f"a.sources.lines.headers.{app}-{kind}.kind"] == kind


def test_names_and_times_of_files_are_those_that_the_recovery_knows() -> None:
    sink = {name.removeprefix("a.sinks.hdfs.hdfs."): value for name, value in _CONF.items()}
    assert sink["path"].endswith(f"{layout.ROOT}/%{{kind}}/dt=%Y-%m-%d")
    assert (sink["timeZone"], sink["rollInterval"]) == ("UTC", str(layout.ROLL_S))
    opened = f"/logs/access/dt=2026-11-24/{sink['inUsePrefix']}box.17{sink['fileSuffix']}{sink['inUseSuffix']}"
    assert layout.final_name(opened, 0) == f"/logs/access/dt=2026-11-24/box.17{sink['fileSuffix']}"
    assert _CONF["a.sources.lines.positionFile"] == str(position_file(_SETTINGS))


def test_the_file_prefix_contains_no_flume_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "%{odd}.host$name/x")
    conf = configure.render(_SETTINGS, BY_NAME["flume"])["flume.conf"]
    assert "filePrefix = --odd--host-name-x\n" in conf


def test_the_time_of_the_line_overrides_the_time_of_reading() -> None:
    assert _CONF["a.sources.lines.interceptors"].split() == ["read", "own"]
    assert _CONF["a.sources.lines.interceptors.read.type"] == "timestamp"
    assert _CONF["a.sources.lines.interceptors.own.serializers.ms.name"] == "timestamp"


def test_every_day_of_the_century_is_accepted() -> None:
    for day in _DAYS:
        time = f"{day}T23:59:59.999Z"
        assert _own_time(_ACCESS.format(agent="x", time=time)) == time
        assert _own_time(f'{{"logged_at":"{time}","app_id":"shop"}}') == time


@given(month=st.integers(0, 99), day=st.integers(0, 99), hour=st.integers(0, 99), year=st.integers(2000, 2099))
def test_a_time_that_does_not_exist_is_refused(year: int, month: int, day: int, hour: int) -> None:
    time = f"{year}-{month:02d}-{day:02d}T{hour:02d}:00:00.000Z"
    try:
        parse_rfc3339_ms(time)
    except ValueError:
        assert _own_time(_ACCESS.format(agent="x", time=time)) is None


@pytest.mark.parametrize(
    "line",
    [
        "",
        "no time at all",
        "2026-11-24T08:00:00.123Z stands first",
        '{"message":"x","logged_at":"2026-11-24T08:00:00.123Z"}',
        '{"logged_at":"2026-13-24T08:00:00.123Z","message":" 2026-11-24T08:00:00.123Z"}',
        _ACCESS.format(agent="x", time="2026-11-24T08:00:00Z"),
    ],
)
def test_a_line_without_its_own_time_keeps_that_of_reading(line: str) -> None:
    assert _own_time(line) is None


def test_visitor_input_moves_no_line_to_another_day() -> None:
    line = _ACCESS.format(agent="x 2001-01-01T00:00:00.000Z y", time="2026-11-24T08:00:00.123Z")
    assert _own_time(line) == "2026-11-24T08:00:00.123Z"
    record = '{"logged_at":"2026-11-24T08:00:00.123Z","message":"{\\"logged_at\\":\\"2001-01-01T00:00:00.000Z\\",x"}'
    assert _own_time(record) == "2026-11-24T08:00:00.123Z"
