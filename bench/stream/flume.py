"""The speed at which Flume moves log lines to HDFS: `PYTHONPATH=src:. python -m bench.stream.flume`.

Run it on a running platform. The benchmark generates `--lines` lines like those of the sites: an access and a
performance line for each request, and an error line for one request in fifty. It then appends them to the sites'
folders as fast as the disk allows, and counts the distinct lines that arrive in HDFS until none is missing. The time
runs from the first write until the last line can be read. `cpu_s` includes the counting, which reads each byte once.

The lines stay in HDFS, so use a disposable platform.
"""

import argparse
import contextlib
import getpass
import json
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from urllib.parse import quote

import urllib3

from bench.live.processes import cpu_between, cpu_seconds, running
from footfall.cluster.supervision.run import recall
from footfall.events.identity import new_uuid7
from footfall.hdfs import Hdfs, HdfsUnavailable
from footfall.logs import layout
from footfall.names import LOG_KINDS, LogKind
from footfall.settings import Settings
from footfall.site_registry import DEMO_SITES
from footfall_web.log_lines import Served, error_line

LOOK_S = 0.5
PATIENCE_S = 600.0
FAILING = 50  # one request in so many
WRITE_BYTES = 1 << 20
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36"

# By site and kind.
Lines = dict[tuple[str, LogKind], list[bytes]]


def made(count: int) -> Lines:
    """About `count` lines of the last minute, in the order of their time within each file."""
    rng, now_ms = random.Random(), int(time.time() * 1000)
    requests = round(count / (2 + 1 / FAILING))
    found: Lines = {(app, kind): [] for app in DEMO_SITES for kind in LOG_KINDS}
    for number in range(requests):
        app, at_ms = rng.choice(DEMO_SITES), now_ms - 60_000 + 60_000 * number // requests
        path, fails = f"/section-{rng.randrange(8)}/page-{rng.randrange(150)}", number % FAILING == 0
        served = Served(
            app_id=app,
            request_id=new_uuid7(at_ms),
            at_ms=at_ms,
            duration_us=rng.randrange(2_000, 80_000),
            address=f"203.0.{rng.randrange(256)}.0",
            method="GET",
            target=path,
            protocol="HTTP/1.1",
            status=500 if fails else 200,
            bytes_sent=rng.randrange(2_000, 40_000),
            referrer=f"http://127.0.0.1/section-{rng.randrange(8)}/",
            agent=AGENT,
            endpoint="page",
            queue_us=rng.randrange(2_000),
            memory_bytes=90_000_000 + rng.randrange(10_000_000),
            cpu_us=rng.randrange(1_000, 20_000),
        )
        found[app, "access"].append(served.access_line())
        found[app, "performance"].append(served.performance_line())
        if fails:
            line = error_line(app, served.request_id, at_ms, path, "opening a page", _failure(), 500)
            found[app, "error"].append(line)
    return found


def write(settings: Settings, lines: Lines) -> None:
    """Appends the lines to a new file for each site and kind, named as if the site had just started."""
    name = f"{datetime.now(timezone.utc):%Y%m%dT%H%M%S.%f}"[:-3] + "Z.log"
    for (app, kind), mine in lines.items():
        content = b"".join(mine)
        with (settings.logs_dir / "sites" / app / f"{kind}-{name}").open("ab", buffering=0) as file:
            for start in range(0, len(content), WRITE_BYTES):
                file.write(content[start : start + WRITE_BYTES])


@dataclass
class Arrivals:
    """Reads new content of the files in HDFS and removes its lines from `missing`. Lines are identified by hashes."""

    settings: Settings
    missing: set[int]
    repeated: int = 0
    _read: dict[str, int] = field(default_factory=dict)  # bytes, by the file's final name
    _rests: dict[str, bytes] = field(default_factory=dict)
    _expected: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        self._expected = frozenset(self.missing)
        self._hdfs = Hdfs(self.settings)
        self._http = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(total=20.0))

    def look(self) -> None:
        """Reads the new content of all files once. Raises HdfsUnavailable."""
        for kind in LOG_KINDS:
            for folder in layout.days(self._hdfs, kind).values():
                for file in self._hdfs.list(folder):
                    self._file(file.path)

    def _file(self, path: str) -> None:
        name = layout.final_name(path, 0) if layout.has_open_name(path) else path
        for called in dict.fromkeys((path, name)):
            content = self._rest(called, self._read.get(name, 0))
            if content is not None:
                self._take(name, content)
                return

    def _rest(self, path: str, offset: int) -> bytes | None:
        """The content of a file from `offset` on; None if there is none or the file does not exist."""
        base = f"http://127.0.0.1:{self.settings.port('namenode_http')}/webhdfs/v1"
        place = self._http.request("GET", f"{base}{quote(path)}?op=OPEN&user.name={getpass.getuser()}", redirect=False)
        if place.status != 307:
            return None
        # The NameNode only knows the first length of an open file, and would refuse the offset.
        answer = self._http.request("GET", re.sub(r"\boffset=\d+", f"offset={offset}", place.headers["Location"]))
        return answer.data if answer.status == 200 else None

    def _take(self, name: str, content: bytes) -> None:
        self._read[name] = self._read.get(name, 0) + len(content)
        *whole, self._rests[name] = (self._rests.get(name, b"") + content).split(b"\n")
        for line in whole:
            key = hash(line)
            if key in self.missing:
                self.missing.discard(key)
            elif key in self._expected:
                self.repeated += 1


def _until(condition: Callable[[], bool]) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > until_s:
            raise SystemExit(f"Not all lines are in HDFS after {PATIENCE_S:.0f} s.")
        time.sleep(LOOK_S)


def _failure() -> Exception:
    """An exception with a traceback, like that of a page."""
    try:
        raise LookupError("There is no such article.")
    except LookupError as error:
        return error


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=600_000)
    options = parser.parse_args()
    settings = recall()
    lines = made(options.lines)
    count, size = sum(map(len, lines.values())), sum(len(line) for mine in lines.values() for line in mine)
    # The existing content is read before the measurement, so that it is not in the figures.
    arrivals = Arrivals(settings, {hash(line[:-1]) for mine in lines.values() for line in mine})
    arrivals.look()
    if len(arrivals.missing) != count:
        raise SystemExit("Two of the made lines are the same, or some are in HDFS already.")
    processes = running(settings)
    before, began_s = cpu_seconds(processes), time.monotonic()
    write(settings, lines)
    written_s = time.monotonic() - began_s
    lines.clear()

    def arrived() -> bool:
        # A file may be renamed at this moment; an outage would show in the time.
        with contextlib.suppress(HdfsUnavailable, urllib3.exceptions.HTTPError):
            arrivals.look()
        return not arrivals.missing

    _until(arrived)
    seconds = time.monotonic() - began_s
    used = cpu_between(before, cpu_seconds(processes))
    report = {
        "lines_per_s": round(count / seconds),
        "lines": count,
        "mib": round(size / 2**20, 1),
        "seconds": round(seconds, 1),
        "written_s": round(written_s, 1),
        "repeated": arrivals.repeated,
        "cpu_us_a_line": {name: round(used.get(name, 0.0) / count * 1e6, 1) for name in ("flume", "datanode")},
        "cpu_s": used,
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
