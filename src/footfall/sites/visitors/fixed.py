"""A fixed number of visits that a seed repeats, for tests that know in advance what must come of them."""

import random
import threading
import time

from footfall.settings import Settings
from footfall.sites.visitors.population import Population
from footfall.sites.visitors.site_visitors import Visitors


def run_visits(
    settings: Settings, app: str, count: int, seed: int | None = None, pace: float | None = None, bots: int = 0
) -> dict[str, int]:
    """Makes exactly `count` human visits and `bots` crawler visits, then returns the events sent by type.

    Beside the event types the summary counts `visits` (crawlers' too) and `pages`.

    The people, their visits and the pages depend on the seed alone (None: that of the settings; likewise the pace).
    About a fifth of the visits are a second or later one of somebody seen before. One person's visits follow each
    other in one thread, and incidents bend nothing here. Raises RuntimeError if a visit fails in an unforeseen way, or
    if events stay without an answer.
    """
    visitors = Visitors(
        settings,
        app,
        settings.seed if seed is None else seed,
        settings.pace if pace is None else pace,
        threading.Event(),
        share=lambda kind: 0.0,
    )
    visitors.resend()
    workers = max(1, settings.visitors_per_site)
    turns: list[list[tuple[int, int]]] = [[] for _ in range(workers)]
    for index, number in _fixed_turns(visitors.population, count):
        turns[index % workers].append((index, number))
    failures: list[BaseException] = []

    def work(share: list[tuple[int, int]]) -> None:
        try:
            for index, number in share:
                visitors.human_visit(index, number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(share,)) for share in turns if share]
    for thread in threads:
        thread.start()
    for number in range(bots):
        visitors.bot_visit(number)
    for thread in threads:
        thread.join()
    deadline = time.monotonic() + 60
    while not visitors.leftovers.flush() and time.monotonic() < deadline:
        time.sleep(0.1)
    unanswered = len(visitors.pending)
    visitors.close()
    if failures:
        raise RuntimeError(f"A visit to {app} failed: {failures[0]!r}.") from failures[0]
    if unanswered:
        raise RuntimeError(f"{unanswered} events sent to {app} have no answer after 60 s.")
    return dict(visitors.world.counts)


def _fixed_turns(population: Population, count: int) -> list[tuple[int, int]]:
    rng = random.Random(f"{population.seed}/{population.app}/fixed")
    visits: dict[int, int] = {}
    turns = []
    for _ in range(count):
        again = visits and rng.random() < 0.2
        index = rng.choice(list(visits)) if again else rng.randrange(population.size)
        turns.append((index, visits.get(index, 0)))
        visits[index] = visits.get(index, 0) + 1
    return turns
