"""Plays a fixed number of visits, reproducible from a seed, for tests that know the results in advance."""

import random
import threading
import time

from footfall.settings import Settings
from footfall.sites.visitors.population import Population
from footfall.sites.visitors.site_visitors import Visitors


def run_visits(
    settings: Settings, app: str, count: int, seed: int | None = None, pace: float | None = None, bots: int = 0
) -> dict[str, int]:
    """Plays exactly `count` human visits and `bots` crawler visits, then returns the number of events sent by type.

    The result also counts `visits` (crawlers' too) and `pages`.

    People, visits and pages depend on the seed alone. seed, pace: None means the value of the settings. About a fifth
    of the visits are repeat visits of a person. One thread plays all visits of a person, one after another, and
    incidents have no effect here. Raises RuntimeError if a visit fails unexpectedly, or if events remain without an
    answer.
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
