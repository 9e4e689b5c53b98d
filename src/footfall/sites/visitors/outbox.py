"""Sends events to `/collect`: the ledger records each one before it is sent, and it is resent until it has an answer.

This does for a simulated browser what the tracker does in a real one: a queue that survives an unreachable site, with
pauses between attempts, the same `event_id` in each attempt and a new `sent_at`.
"""

import threading
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final

import orjson
import urllib3

from footfall.events.times import format_rfc3339_ms
from footfall.sites.visitors.ledger import Entry, Ledger
from footfall.sites.visitors.pending import Parcel, Pending, too_old

_BATCH: Final = 50
_QUEUE: Final = 1_000
_LONGEST_WAIT_S: Final = 30.0
# After this many "too many" answers to one client, its events are given up.
_TRIES_AT_429: Final = 20
# The collector waits 2 s for Kafka before it spools; a loopback connection opens at once or never.
_TIMEOUT: Final = urllib3.Timeout(connect=2.0, read=20.0)


def wall_ms() -> int:
    """Now, in epoch milliseconds."""
    return time.time_ns() // 1_000_000


class Outbox:
    """The parts that all visitors of one site share for sending: connections, ledger, event bodies on disk."""

    def __init__(self, url: str, pool: urllib3.PoolManager, ledger: Ledger, pending: Pending) -> None:
        self._url = f"{url}/collect"
        self._pool = pool
        self._ledger = ledger
        self._pending = pending

    def attempt(self, parcels: Sequence[Parcel]) -> None:
        """Writes parcels to disk before they are sent: first the bodies, then the *attempted* lines."""
        self._pending.add(parcels)
        self.announce(parcels)

    def announce(self, parcels: Iterable[Parcel]) -> None:
        """Writes the *attempted* lines only."""
        self._ledger.write(
            Entry("attempted", p.attempted_ms, p.event_id, p.session_id, p.event["seq"], p.event["event_type"])
            for p in parcels
        )

    def drop(self, parcels: Iterable[Parcel], why: str) -> None:
        """Gives up parcels and records the reason in the ledger."""
        now_ms = wall_ms()
        self._finish([Entry("dropped", now_ms, p.event_id, p.session_id, reason=why) for p in parcels])

    def post(self, parcels: Sequence[Parcel]) -> float | None:
        """Sends parcels of one client in one request.

        Returns None once each has its answer; otherwise the seconds that the site asked to wait, 0.0 if unspecified.
        """
        try:
            response = self._pool.request(
                "POST",
                self._url,
                body=orjson.dumps([_stamped(parcel) for parcel in parcels]),
                headers={"Content-Type": "application/json", **parcels[0].headers},
                timeout=_TIMEOUT,
                retries=False,
            )
        except urllib3.exceptions.HTTPError:
            return 0.0
        if response.status == 202:
            self._answered(parcels, orjson.loads(response.data)["rejected"])
        elif response.status == 429 or response.status >= 500:
            for parcel in parcels:
                parcel.tries += response.status == 429
            if min(parcel.tries for parcel in parcels) < _TRIES_AT_429:
                return _seconds(response.headers.get("Retry-After"))
            self.drop(parcels, "too_many")
        elif response.status == 400:
            self._answered(parcels, [{"index": index, "reason": "not_json"} for index in range(len(parcels))])
        else:
            self.drop(parcels, f"http_{response.status}")
        return None

    def _answered(self, parcels: Sequence[Parcel], rejects: Sequence[dict[str, Any]]) -> None:
        now_ms = wall_ms()
        reasons = {reject["index"]: str(reject["reason"]) for reject in rejects}
        self._finish(
            [
                Entry("rejected", now_ms, p.event_id, p.session_id, reason=reasons[index])
                if index in reasons
                else Entry("accepted", now_ms, p.event_id, p.session_id)
                for index, p in enumerate(parcels)
            ]
        )

    def _finish(self, entries: Sequence[Entry]) -> None:
        self._ledger.write(entries)
        self._pending.done([entry.event_id for entry in entries])


class Queue:
    """The events that one browser has not sent yet, in order. For use by one thread at a time."""

    def __init__(self, outbox: Outbox, parcels: Iterable[Parcel] = ()) -> None:
        self._outbox = outbox
        self._parcels = list(parcels)
        self._not_before = 0.0
        self._wait_s = 0.5

    def __len__(self) -> int:
        return len(self._parcels)

    def send(self, parcels: Sequence[Parcel]) -> None:
        """Records new parcels and sends what may be sent now; the rest is retried with the next ones."""
        self._outbox.attempt(parcels)
        self._parcels += parcels
        excess = len(self._parcels) - _QUEUE
        if excess > 0:
            self._outbox.drop(self._parcels[:excess], "queue_full")
            del self._parcels[:excess]
        self.flush()

    def flush(self) -> bool:
        """Sends until nothing is left, or the site fails or asks to wait; returns whether nothing is left."""
        while self._parcels and time.monotonic() >= self._not_before:
            now_ms = wall_ms()
            expired = [parcel for parcel in self._parcels if too_old(parcel, now_ms)]
            if expired:
                self._outbox.drop(expired, "too_old")
                self._parcels = [parcel for parcel in self._parcels if not too_old(parcel, now_ms)]
                continue
            batch = self._parcels[:_BATCH]
            asked_s = self._outbox.post(batch)
            if asked_s is None:
                del self._parcels[: len(batch)]
                self._wait_s = 0.5
            else:
                self._not_before = time.monotonic() + min(_LONGEST_WAIT_S, max(asked_s, self._wait_s))
                self._wait_s = min(_LONGEST_WAIT_S, self._wait_s * 2)
        return not self._parcels


class Leftovers:
    """Queues of visits that ended while the site was unreachable; `flush` must be called now and then."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queues: list[Queue] = []

    def add(self, queue: Queue) -> None:
        """Takes over a queue; its former owner must not use it any more."""
        with self._lock:
            self._queues.append(queue)

    def flush(self, stop: threading.Event | None = None) -> bool:
        """Tries each queue that is due, until `stop` is set; returns whether nothing is left. For use by one thread."""
        with self._lock:
            queues = list(self._queues)
        done = [queue for queue in queues if not (stop is not None and stop.is_set()) and queue.flush()]
        with self._lock:
            self._queues = [queue for queue in self._queues if queue not in done]
            return not self._queues


def _stamped(parcel: Parcel) -> dict[str, Any]:
    return {**parcel.event, "sent_at": format_rfc3339_ms(wall_ms() + parcel.clock_offset_ms)}


def _seconds(retry_after: str | None) -> float:
    try:
        return max(0.0, float(retry_after or 0))
    except ValueError:  # a date; the usual wait serves as well
        return 0.0
