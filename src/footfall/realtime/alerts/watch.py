"""Keeps watch over all sites and their pages: raises alerts, and resolves them. Pure: moments in, changes out."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from footfall.realtime.alerts import rules
from footfall.realtime.alerts.alert import CRITICAL, OPEN, RESOLVED, WARNING, Alert, Key
from footfall.realtime.alerts.moments import (
    BASELINE_MINUTES,
    LONG_SLOTS,
    SHORT_SLOTS,
    SLOT_MS,
    Moment,
    Series,
    minute_of,
    slot_of,
    together,
)
from footfall.realtime.alerts.rules import Finding

# Judged only when so much of the past is known.
_KNOWN_SLOTS: Final = 5 * LONG_SLOTS
# An alert ends after a minute of calm, or when nobody comes any more who could tell.
_CALM_SLOTS: Final = LONG_SLOTS
_SILENT_SLOTS: Final = 5 * LONG_SLOTS
# What ended a minute ago and begins anew is told when it lasts.
_HOLD_SLOTS: Final = LONG_SLOTS
# A drop is believed when it is seen twice, in minutes that differ by a quarter.
_DROP_RUN: Final = 1 + SHORT_SLOTS
_CRITICAL_SHARE: Final = 0.5
_CRITICAL_REST: Final = 0.1

_SPANS: Final = (SHORT_SLOTS, LONG_SLOTS)
_NOTHING: Final = Moment()


class _Case:
    """What is known of a key: the alert that is open, and what may lead to one or end it."""

    def __init__(self) -> None:
        self.alert: Alert | None = None
        self.run = 0
        self.calm = 0
        self.silent = 0
        self.held_until = 0
        # Minutes that are no part of the ordinary, and what that was when the alert was raised.
        self.alerting: set[int] = set()
        self.before: list[Moment] = []


class Watch:
    """All that is remembered; `judge` is to be called once a slot."""

    def __init__(self, known: Iterable[Alert] = ()) -> None:
        """known: alerts as an earlier process left them. Those that are over tell what was not ordinary."""
        self._sites: dict[str, Series] = defaultdict(Series)
        self._pages: dict[tuple[str, str], Series] = defaultdict(Series)
        self._since: dict[str, int] = {}
        self._cases: dict[Key, _Case] = defaultdict(_Case)
        self._begun = 0
        for alert in known:
            if alert.resolved_ms is not None:
                self._cases[alert.key].alerting |= _minutes(alert.started_ms, alert.resolved_ms)
                continue
            self._cases[alert.key].alert = alert
            # Looked at even if nobody comes there any more.
            self._sites[alert.app_id] = Series()
            if alert.page_path is not None:
                self._pages[alert.app_id, alert.page_path] = Series()

    def add(self, app: str, path: str | None, slot: int, moment: Moment) -> None:
        """Takes in what happened on a page (path) or on a whole site in a slot; may be called in any order."""
        if path is None:
            self._sites[app].add(slot, moment)
            self._since[app] = min(slot, self._since.get(app, slot))
        else:
            self._pages[app, path].add(slot, moment)

    def judge(self, now: int) -> list[Alert]:
        """Looks at the slots before `now`; returns alerts that were raised, grew worse, or are resolved."""
        changed: list[Alert] = []
        self._begun = self._begun or now
        for app in list(self._sites):
            if now - self._since.setdefault(app, now) >= _KNOWN_SLOTS:
                # Pages first: what one of them explains is not the site's.
                for key, findings in (*self._of_pages(app, now), *self._of_site(app, now)):
                    changed += self._settle(key, findings, now)
        self._forget(now)
        return changed

    def _of_site(self, app: str, now: int) -> Iterator[tuple[Key, list[Finding]]]:
        series = self._sites[app]
        spans = [series.last(now, length) for length in _SPANS]
        for kind in ("errors", "slow"):
            if self._is_open((kind, app, None)) or rules.may_alarm(kind, spans[-1]):
                before = together(self._before((kind, app, None), now))
                limit = rules.slow_limit(before)
                without = [self._without_pages(kind, app, now, length) for length in _SPANS]
                if kind == "errors":
                    yield (kind, app, None), [rules.errors(span, before) for span in without]
                elif limit is not None:
                    yield (kind, app, None), [rules.slow(span, before, limit) for span in without]
        for kind, find in (("bots", rules.bots), ("rejects", rules.rejects)):
            key = (kind, app, None)
            if self._is_open(key) or rules.may_alarm(kind, spans[-1]):
                minutes = self._before(key, now)
                yield key, [find(span, minutes) for span in spans]
        minutes = self._before(("drop", app, None), now)
        # Of the minute in which this watch began it may lack events that another one was told of.
        if minutes and now - self._begun >= LONG_SLOTS:
            yield ("drop", app, None), [rules.drop(spans[-1], minutes)]

    def _of_pages(self, app: str, now: int) -> Iterator[tuple[Key, list[Finding]]]:
        site = self._sites[app]
        rest = [site.last(now, length) for length in _SPANS]
        for (of_app, path), series in self._pages.items():
            if of_app != app:
                continue
            spans = [series.last(now, length) for length in _SPANS]
            for kind in ("errors", "slow"):
                key = (kind, app, path)
                if not self._is_open(key) and not rules.may_alarm(kind, spans[-1]):
                    continue
                own = together(self._before(key, now))
                before = own if rules.is_telling(own) else together(self._before((kind, app, None), now))
                limit = rules.slow_limit(before)
                # Worse than its own past is not enough: worse than the site's other pages now, too. In fifteen seconds
                # those may be seen so rarely that they tell nothing, so the minute has its say about them.
                pairs = list(zip(spans, rest, strict=True))
                if kind == "errors":
                    beside = max(rules.failing_beside(span, whole) for span, whole in pairs)
                    yield key, [rules.errors(span, before, beside) for span in spans]
                elif limit is not None:
                    beside = max(rules.slow_beside(span, whole, limit) for span, whole in pairs)
                    yield key, [rules.slow(span, before, limit, beside) for span in spans]

    def _is_open(self, key: Key) -> bool:
        return key in self._cases and self._cases[key].alert is not None

    def _settle(self, key: Key, findings: list[Finding], now: int) -> Iterator[Alert]:
        case = self._cases[key]
        worst = min(findings, key=lambda one: one.tail)
        if case.alert is not None:
            yield from self._go_on(case, worst, findings[-1], now)
        elif worst.is_alarming:
            case.run += 1
            if case.run >= (_DROP_RUN if key[0] == "drop" else 1) and now >= case.held_until:
                started = now - (LONG_SLOTS if worst is findings[-1] else SHORT_SLOTS)
                if key[0] in rules.HITS:
                    started = self._series(key).first_with(rules.HITS[key[0]], started, now)
                case.before = self._before(key, now)
                case.alert = _alert(key, worst, started * SLOT_MS, now * SLOT_MS)
                case.calm = case.silent = 0
                yield case.alert
        else:
            case.run = 0

    def _go_on(self, case: _Case, worst: Finding, long: Finding, now: int) -> Iterator[Alert]:
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
                # The less chance there is in it, the longer the span that tells: not the less trouble.
                case.alert = case.alert._replace(severity=CRITICAL)
            yield case.alert

    def _series(self, key: Key) -> Series:
        _, app, path = key
        return self._sites[app] if path is None else self._pages[app, path]

    def _before(self, key: Key, now: int) -> list[Moment]:
        """The minutes of the half hour before the last one, without what alerts were about; of an open alert those
        before it was raised."""
        kind, app, _ = key
        if key in self._cases and self._cases[key].before:
            return self._cases[key].before
        cases = [self._cases[one] for one in {key, (kind, app, None)} if one in self._cases]
        series = self._series(key)
        out = set().union(*(case.alerting for case in cases))
        first = max(minute_of(now) - BASELINE_MINUTES, minute_of(self._since[app] + LONG_SLOTS - 1))
        begun = [minute_of(case.alert.started_ms // SLOT_MS) for case in cases if case.alert is not None]
        end = min([minute_of(now - LONG_SLOTS), *begun])
        return [series.minute(minute) or _NOTHING for minute in range(first, end) if minute not in out]

    def _without_pages(self, kind: str, app: str, now: int, length: int) -> Moment:
        """A site's last slots without the pages whose own alerts tell of them."""
        whole = self._sites[app].last(now, length)
        for of_kind, of_app, path in self._cases:
            if (of_kind, of_app) == (kind, app) and path is not None and self._cases[kind, app, path].alert:
                page = self._pages[app, path].last(now, length)
                whole.tried -= page.tried
                whole.failed -= page.failed
                for bucket, views in page.responses.items():
                    whole.responses[bucket] = whole.responses.get(bucket, 0) - views
        return whole

    def _forget(self, now: int) -> None:
        opened = [case.alert for case in self._cases.values() if case.alert is not None]
        apps, pages = {alert.app_id for alert in opened}, {(alert.app_id, alert.page_path) for alert in opened}
        for app in [app for app, series in self._sites.items() if series.forget(now) and app not in apps]:
            del self._sites[app], self._since[app]
        for page in [page for page, series in self._pages.items() if series.forget(now) and page not in pages]:
            del self._pages[page]
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
