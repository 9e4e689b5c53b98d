"""Watches all sites and their pages: raises alerts and resolves them. Pure: figures in, changed alerts out."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from footfall.realtime.alerts import rules
from footfall.realtime.alerts.alert import CRITICAL, OPEN, RESOLVED, WARNING, Alert, Key
from footfall.realtime.alerts.figures import (
    BASELINE_MINUTES,
    LONG_SLOTS,
    SHORT_SLOTS,
    SLOT_MS,
    Figures,
    Series,
    minute_of,
    slot_of,
    summed,
)
from footfall.realtime.alerts.rules import Finding

# A site is judged only when this much of its past is known.
_KNOWN_SLOTS: Final = 5 * LONG_SLOTS
# An alert ends after a minute of calm, or after five minutes with too few visitors to judge.
_CALM_SLOTS: Final = LONG_SLOTS
_SILENT_SLOTS: Final = 5 * LONG_SLOTS
# For a minute after its end, the same alert is not raised again.
_HOLD_SLOTS: Final = LONG_SLOTS
# A drop must be found for this many slots in a row: in two minutes that differ by a quarter.
_DROP_RUN: Final = 1 + SHORT_SLOTS
_CRITICAL_SHARE: Final = 0.5
_CRITICAL_REST: Final = 0.1

# The pages of a site that are watched, those that were opened within half an hour. A page takes about 2 KB and 20 µs a
# slot. Without a limit, a visitor who makes up paths could exhaust both.
MOST_PAGES: Final = 2_000

_SPANS: Final = (SHORT_SLOTS, LONG_SLOTS)
_NO_FIGURES: Final = Figures()


class _Case:
    """The state of one key: its open alert, and the counters that raise or end one, in slots."""

    def __init__(self) -> None:
        self.alert: Alert | None = None
        self.run = 0
        self.calm = 0
        self.silent = 0
        self.held_until = 0
        # Minutes of past alerts, which the baseline leaves out; and the baseline when the open alert was raised.
        self.alerting: set[int] = set()
        self.before: list[Figures] = []


class Watch:
    """The state of all sites. Call `judge` once for each slot."""

    def __init__(self, known: Iterable[Alert] = ()) -> None:
        """known: the alerts of an earlier process. The minutes of resolved ones are left out of the baseline."""
        self._sites: dict[str, Series] = defaultdict(Series)
        self._pages: dict[tuple[str, str], Series] = defaultdict(Series)
        self._since: dict[str, int] = {}
        self._cases: dict[Key, _Case] = defaultdict(_Case)
        self._started = 0
        for alert in known:
            if alert.resolved_ms is not None:
                self._cases[alert.key].alerting |= _minutes(alert.started_ms, alert.resolved_ms)
                continue
            self._cases[alert.key].alert = alert
            # Judged even if it has no more visitors.
            self._sites[alert.app_id] = Series()
            if alert.page_path is not None:
                self._pages[alert.app_id, alert.page_path] = Series()
        self._page_counts = Counter(app for app, _ in self._pages)

    def add(self, app: str, path: str | None, slot: int, figures: Figures) -> None:
        """Adds the figures of a slot, of a page or of a whole site (path None). Slots may come in any order.

        Beyond MOST_PAGES pages of a site, further ones are watched only as a part of the site.
        """
        if path is None:
            self._sites[app].add(slot, figures)
            self._since[app] = min(slot, self._since.get(app, slot))
        elif (app, path) in self._pages or self._page_counts[app] < MOST_PAGES:
            self._page_counts[app] += (app, path) not in self._pages
            self._pages[app, path].add(slot, figures)

    def judge(self, now: int) -> list[Alert]:
        """Judges the slots before the slot `now`; returns the alerts that were raised, grew worse or were resolved."""
        changed: list[Alert] = []
        self._started = self._started or now
        for app in list(self._sites):
            if now - self._since.setdefault(app, now) >= _KNOWN_SLOTS:
                # Pages first: an alert of a page takes its figures out of the site's.
                for key, findings in (*self._page_findings(app, now), *self._site_findings(app, now)):
                    changed += self._apply_findings(key, findings, now)
        self._drop_old(now)
        return changed

    def _site_findings(self, app: str, now: int) -> Iterator[tuple[Key, list[Finding]]]:
        series = self._sites[app]
        spans = [series.last(now, length) for length in _SPANS]
        for kind in ("errors", "slow"):
            if self._is_open((kind, app, None)) or rules.has_enough_hits(kind, spans[-1]):
                before = summed(self._baseline((kind, app, None), now))
                limit = rules.slow_limit(before)
                without = [self._without_pages(kind, app, now, length) for length in _SPANS]
                if kind == "errors":
                    yield (kind, app, None), [rules.errors(span, before) for span in without]
                elif limit is not None:
                    yield (kind, app, None), [rules.slow(span, before, limit) for span in without]
        for kind, find in (("bots", rules.bots), ("rejects", rules.rejects), ("values", rules.values)):
            key = (kind, app, None)
            if self._is_open(key) or rules.has_enough_hits(kind, spans[-1]):
                minutes = self._baseline(key, now)
                yield key, [find(span, minutes) for span in spans]
        minutes = self._baseline(("drop", app, None), now)
        # The watch may lack events of its first minute, which were reported to an earlier process.
        if minutes and now - self._started >= LONG_SLOTS:
            yield ("drop", app, None), [rules.drop(spans[-1], minutes)]

    def _page_findings(self, app: str, now: int) -> Iterator[tuple[Key, list[Finding]]]:
        site = self._sites[app]
        rest = [site.last(now, length) for length in _SPANS]
        for (of_app, path), series in self._pages.items():
            if of_app != app:
                continue
            spans = [series.last(now, length) for length in _SPANS]
            for kind in ("errors", "slow"):
                key = (kind, app, path)
                if not self._is_open(key) and not rules.has_enough_hits(kind, spans[-1]):
                    continue
                own = summed(self._baseline(key, now))
                before = own if rules.has_enough_past(own) else summed(self._baseline((kind, app, None), now))
                limit = rules.slow_limit(before)
                # A page must be worse than its own past and worse than the site's other pages now. In 15 seconds those
                # may have too few views to compare with, so the larger share of both spans is used.
                pairs = list(zip(spans, rest, strict=True))
                if kind == "errors":
                    elsewhere = max(rules.failing_elsewhere(span, whole) for span, whole in pairs)
                    yield key, [rules.errors(span, before, elsewhere) for span in spans]
                elif limit is not None:
                    elsewhere = max(rules.slow_elsewhere(span, whole, limit) for span, whole in pairs)
                    yield key, [rules.slow(span, before, limit, elsewhere) for span in spans]

    def _is_open(self, key: Key) -> bool:
        return key in self._cases and self._cases[key].alert is not None

    def _apply_findings(self, key: Key, findings: list[Finding], now: int) -> Iterator[Alert]:
        case = self._cases[key]
        worst = min(findings, key=lambda one: one.tail)
        if case.alert is not None:
            yield from self._update_open(case, worst, findings[-1], now)
        elif worst.is_alarming:
            case.run += 1
            if case.run >= (_DROP_RUN if key[0] == "drop" else 1) and now >= case.held_until:
                started = now - (LONG_SLOTS if worst is findings[-1] else SHORT_SLOTS)
                if key[0] in rules.HITS:
                    started = self._series(key).first_with(rules.HITS[key[0]], started, now)
                case.before = self._baseline(key, now)
                case.alert = _alert(key, worst, started * SLOT_MS, now * SLOT_MS)
                case.calm = case.silent = 0
                yield case.alert
        else:
            case.run = 0

    def _update_open(self, case: _Case, worst: Finding, long: Finding, now: int) -> Iterator[Alert]:
        assert case.alert is not None
        case.calm = case.calm + 1 if long.is_calm and long.n >= rules.LEAST_TRIALS else 0
        case.silent = case.silent + 1 if long.n < rules.LEAST_TRIALS else 0
        if case.calm > _CALM_SLOTS or case.silent > _SILENT_SLOTS:
            resolved = case.alert._replace(state=RESOLVED, resolved_ms=now * SLOT_MS)
            case.alerting |= _minutes(resolved.started_ms, now * SLOT_MS)
            case.alert, case.before = None, []
            case.run, case.held_until = 0, now + _HOLD_SLOTS
            yield resolved
        elif worst.tail < case.alert.tail_p:
            known = case.alert
            case.alert = _alert(known.key, worst, known.started_ms, known.raised_ms)
            if known.severity == CRITICAL:
                # A lower tail may come from the longer span, with a lower share. The severity must not fall with it.
                case.alert = case.alert._replace(severity=CRITICAL)
            yield case.alert

    def _series(self, key: Key) -> Series:
        _, app, path = key
        return self._sites[app] if path is None else self._pages[app, path]

    def _baseline(self, key: Key, now: int) -> list[Figures]:
        """The figures of the minutes in the half hour before the last minute, without the minutes of alerts.

        For an open alert: those from before it was raised.
        """
        kind, app, _ = key
        if key in self._cases and self._cases[key].before:
            return self._cases[key].before
        cases = [self._cases[one] for one in {key, (kind, app, None)} if one in self._cases]
        series = self._series(key)
        excluded = set().union(*(case.alerting for case in cases))
        first = max(minute_of(now) - BASELINE_MINUTES, minute_of(self._since[app] + LONG_SLOTS - 1))
        opened = [minute_of(case.alert.started_ms // SLOT_MS) for case in cases if case.alert is not None]
        end = min([minute_of(now - LONG_SLOTS), *opened])
        minutes = (minute for minute in range(first, end) if minute not in excluded)
        return [series.minute(minute) or _NO_FIGURES for minute in minutes]

    def _without_pages(self, kind: str, app: str, now: int, length: int) -> Figures:
        """The sum of a site's last slots, without the pages that have an open alert of this kind."""
        whole = self._sites[app].last(now, length)
        for of_kind, of_app, path in self._cases:
            if (of_kind, of_app) == (kind, app) and path is not None and self._cases[kind, app, path].alert:
                page = self._pages[app, path].last(now, length)
                whole.tried -= page.tried
                whole.failed -= page.failed
                for bucket, views in page.responses.items():
                    whole.responses[bucket] = whole.responses.get(bucket, 0) - views
        return whole

    def _drop_old(self, now: int) -> None:
        open_alerts = [case.alert for case in self._cases.values() if case.alert is not None]
        apps = {alert.app_id for alert in open_alerts}
        pages = {(alert.app_id, alert.page_path) for alert in open_alerts}
        for app in [app for app, series in self._sites.items() if series.drop_old(now) and app not in apps]:
            del self._sites[app], self._since[app]
        for page in [page for page, series in self._pages.items() if series.drop_old(now) and page not in pages]:
            del self._pages[page]
            self._page_counts[page[0]] -= 1
        for key, case in list(self._cases.items()):
            case.alerting = {minute for minute in case.alerting if minute >= minute_of(now) - BASELINE_MINUTES}
            if case.alert is None and not case.alerting and not case.run:
                del self._cases[key]


def _minutes(first_ms: int, last_ms: int) -> set[int]:
    return set(range(minute_of(slot_of(first_ms)), minute_of(slot_of(last_ms)) + 1))


def _alert(key: Key, finding: Finding, started_ms: int, raised_ms: int) -> Alert:
    kind, app, path = key
    if kind == "drop":
        is_critical = finding.observed <= _CRITICAL_REST * finding.expected
    else:
        is_critical = finding.observed >= _CRITICAL_SHARE
    return Alert(
        kind, app, path, CRITICAL if is_critical else WARNING, OPEN, started_ms, raised_ms, None,
        finding.observed, finding.expected, finding.n, finding.tail, finding.sample,
    )  # fmt: skip
