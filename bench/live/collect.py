"""Measures how many requests a site's `/collect` answers: `PYTHONPATH=src:. python -m bench.live.collect`.

The platform must be running. Each client has one kept-alive connection and, for `--seconds`, sends a request, waits for
the response and sends the next: first with one event per request, then with `--batch` events. Clients are threads of
`--processes` processes and their bodies are prepared, so that they cost little compared with the site; the report has
the processor time of both. Any response except a 202 that accepts every event is an error.

With `--rate`, requests are due at fixed times instead, even if earlier ones are unanswered. The time of each counts
from when it was due, so a site that falls behind cannot hide its delay.
"""

import argparse
import json
import multiprocessing
import queue
import random
import socket
import threading
import time
from dataclasses import dataclass, replace
from typing import Any

import orjson

from bench.live.figures import spread_ms
from bench.live.processes import cpu_between, cpu_seconds, running
from bench.live.visits import visits
from footfall.cluster.supervision.run import recall
from footfall.events.identity import new_uuid7
from footfall.settings import Settings

# The number of prepared bodies of each connection; they are reused with new identities.
BODIES = 50
_ID = b'"event_id":"'
_ID_LENGTH = 36


@dataclass(frozen=True)
class Share:
    """The result of one process: seconds of each accepted request, number of errors, processor seconds."""

    taken: list[float]
    errors: int
    cpu_s: float


class Client:
    """One kept-alive connection that speaks as much HTTP as `/collect` needs."""

    def __init__(self, port: int, requests: list[tuple[bytes, list[bytes]]]) -> None:
        """requests: the head of each, and its body split at the identities."""
        self._requests = requests
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=15)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, number: int) -> bool:
        """Sends one request with new identities and waits for the response. Raises OSError if there is none."""
        head, pieces = self._requests[number % len(self._requests)]
        body = pieces[0] + b"".join(new_uuid7().encode() + piece for piece in pieces[1:])
        self._socket.sendall(head + body)
        answer = self._socket.recv(65_536)
        while (end := answer.find(b"\r\n\r\n")) < 0:
            answer += self._more()
        at = answer.lower().index(b"content-length:") + len(b"content-length:")
        wanted = end + 4 + int(answer[at : answer.index(b"\r\n", at)])
        while len(answer) < wanted:
            answer += self._more()
        accepted = b'"accepted":%d,"rejected":[]' % (len(pieces) - 1)
        return answer.startswith(b"HTTP/1.1 202") and accepted in answer[end:]

    def close(self) -> None:
        """Closes the connection."""
        self._socket.close()

    def _more(self) -> bytes:
        data = self._socket.recv(65_536)
        if not data:
            raise ConnectionError("the site closed the connection")
        return data


def made_requests(settings: Settings, app: str, batch: int) -> list[tuple[bytes, list[bytes]]]:
    """Requests of different people, each with `batch` events, in the form that `Client` takes."""
    now_ms = int(time.time() * 1000)
    crowd = [visit for visit in visits(settings, BODIES * 3, now_ms) if visit.person.app == app]
    made = []
    for visit in crowd:
        events = [visit.next_event(now_ms) for _ in range(batch)]
        body = orjson.dumps(events if batch > 1 else events[0])
        first, *rest = body.split(_ID)
        pieces = [first + _ID, *(piece[_ID_LENGTH:] + _ID for piece in rest)]
        pieces[-1] = pieces[-1].removesuffix(_ID)
        head = (
            f"POST /collect HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nX-Forwarded-For: {visit.person.address}\r\n"
            f"User-Agent: {visit.person.device.user_agent}\r\n\r\n"
        )
        made.append((head.encode(), pieces))
    return made


@dataclass(frozen=True)
class Plan:
    """The load. rate: requests a second of all clients in total; None: as fast as they are answered."""

    app: str
    batch: int
    clients: int
    processes: int
    seconds: float
    rate: float | None


def _process(settings: Settings, plan: Plan, first: int, ready: Any, shares: Any) -> None:
    """Runs one process, with client number `first` and every `processes`-th one after it."""
    port = settings.port(plan.app)
    prepared = {
        number: Client(port, made_requests(settings, plan.app, plan.batch))
        for number in range(first, plan.clients, plan.processes)
    }
    results: queue.SimpleQueue[tuple[list[float], int]] = queue.SimpleQueue()

    def due(start_s: float, turn: int) -> float:
        """Waits until the request with this number, counted over all clients, is due; returns that time."""
        if plan.rate is None:
            return time.monotonic()
        due_s = start_s + turn / plan.rate
        time.sleep(max(0.0, due_s - time.monotonic()))
        return due_s

    def work(client: Client, turn: int, start_s: float) -> None:
        taken: list[float] = []
        errors, number = 0, random.randrange(BODIES)
        while (due_s := due(start_s, turn)) < start_s + plan.seconds:
            turn += plan.clients
            number += 1
            try:
                accepted = client.send(number)
            except OSError:
                # The connection is broken; the other clients continue.
                errors += 1
                break
            if accepted:
                taken.append(time.monotonic() - due_s)
            else:
                errors += 1
        results.put((taken, errors))

    ready.wait()
    before_s = time.process_time()
    start_s = time.monotonic()
    threads = [threading.Thread(target=work, args=(client, number, start_s)) for number, client in prepared.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    parts = [results.get() for _ in threads]
    for client in prepared.values():
        client.close()
    taken = [one for part, _ in parts for one in part]
    shares.put(Share(taken, sum(errors for _, errors in parts), time.process_time() - before_s))


def measure(settings: Settings, plan: Plan) -> dict[str, Any]:
    """One row of the report."""
    context = multiprocessing.get_context("spawn")
    ready, shares = context.Barrier(plan.processes + 1), context.Queue()
    workers = [
        context.Process(target=_process, args=(settings, plan, first, ready, shares)) for first in range(plan.processes)
    ]
    for worker in workers:
        worker.start()
    ready.wait()
    named = running(settings)
    before = cpu_seconds(named)
    parts: list[Share] = [shares.get() for _ in workers]
    used = cpu_between(before, cpu_seconds(named))
    for worker in workers:
        worker.join()
    taken = [one for part in parts for one in part.taken]
    return {
        "events_a_request": plan.batch,
        "clients": plan.clients,
        "rate": plan.rate,
        "requests_per_s": round(len(taken) / plan.seconds, 1),
        "events_per_s": round(len(taken) * plan.batch / plan.seconds, 1),
        "errors": sum(part.errors for part in parts),
        **spread_ms(taken),
        "clients_cpu_s": round(sum(part.cpu_s for part in parts), 2),
        "cpu_s": used,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--app", default="shop", choices=("shop", "news", "academy"))
    parser.add_argument("--clients", type=int, default=16, help="kept-alive connections")
    parser.add_argument("--processes", type=int, default=2, help="processes that share them")
    parser.add_argument("--batch", type=int, default=10, help="events a request in the second part, at most 100")
    parser.add_argument(
        "--rate",
        type=float,
        nargs=2,
        default=(None, None),
        help="requests a second of either part, whatever is answered",
    )
    parser.add_argument("--seconds", type=float, default=20, help="of each part")
    options = parser.parse_args()
    settings = recall()
    report = []
    for batch, rate in zip((1, options.batch), options.rate, strict=True):
        plan = Plan(options.app, batch, options.clients, options.processes, options.seconds, rate)
        # A short warm-up, which fills caches and starts threads.
        measure(settings, replace(plan, seconds=min(2.0, options.seconds)))
        report.append(measure(settings, plan))
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
