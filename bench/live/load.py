"""POSTs events of many visits to the sites' `/collect`, at a steady rate that does not wait for responses."""

import queue
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
import urllib3

from bench.live.visits import Visit, visits
from footfall.settings import Settings

VISITS = 300
# The number of concurrent requests. An event of a visit may be sent before the previous one is answered.
SENDERS = 16

# Called for each accepted event: its number from 1, its visit, the event, when it was due (monotonic seconds).
Accepted = Callable[[int, Visit, dict[str, Any], float], None]


@dataclass
class Sent:
    """posts: the duration of each accepted POST. late: the delay of each sending. All are in seconds."""

    posts: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    errors: int = 0


def send_steadily(settings: Settings, rate: float, seconds: float, accepted: Accepted, batch: int = 1) -> Sent:
    """Sends `rate` events a second, `batch` events of one visit per request, and waits for the last responses."""
    sent, rng = Sent(), random.Random()
    crowd = visits(settings, VISITS, int(time.time() * 1000))
    due: queue.SimpleQueue[float | None] = queue.SimpleQueue()
    lock = threading.Lock()
    busy: set[str] = set()

    def take() -> Visit:
        with lock:
            free = rng.choice(crowd)
            while free.session_id in busy:
                free = rng.choice(crowd)
            busy.add(free.session_id)
            return free

    def send() -> None:
        pool = urllib3.PoolManager(maxsize=1)
        while (due_s := due.get()) is not None:
            visit = take()
            events = [visit.next_event(int(time.time() * 1000)) for _ in range(batch)]
            sent_s = time.monotonic()
            taken = _post(settings, pool, visit, events)
            answered_s = time.monotonic()
            with lock:
                busy.discard(visit.session_id)
                sent.late.append(sent_s - due_s)
                if taken:
                    sent.posts.append(answered_s - sent_s)
                    before = (len(sent.posts) - 1) * batch
                    for number, event in enumerate(events, before + 1):
                        accepted(number, visit, event, due_s)
                else:
                    sent.errors += 1

    senders = [threading.Thread(target=send) for _ in range(SENDERS)]
    for thread in senders:
        thread.start()
    began_s = time.monotonic()
    for number in range(round(rate * seconds / batch)):
        due_s = began_s + number * batch / rate
        time.sleep(max(0.0, due_s - time.monotonic()))
        due.put(due_s)
    for _ in senders:
        due.put(None)
    for thread in senders:
        thread.join()
    return sent


def _post(settings: Settings, pool: urllib3.PoolManager, visit: Visit, events: list[dict[str, Any]]) -> bool:
    headers = {
        "Content-Type": "application/json",
        "X-Forwarded-For": visit.person.address,
        "User-Agent": visit.person.device.user_agent,
    }
    body = orjson.dumps(events if len(events) > 1 else events[0])
    url = f"http://127.0.0.1:{settings.port(visit.person.app)}/collect"
    try:
        answer = pool.request("POST", url, body=body, headers=headers, retries=False, timeout=10)
    except urllib3.exceptions.HTTPError:
        return False
    return answer.status == 202 and orjson.loads(answer.data)["accepted"] == len(events)
