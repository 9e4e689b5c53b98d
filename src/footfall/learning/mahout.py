"""Runs Apache Mahout's programs: k-means, and item-based recommendations with the similar items of the same run."""

import re
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import PIPE, STDOUT, Popen
from typing import Any, Final, NamedTuple

import numpy as np

from footfall.errors import EngineUnavailable
from footfall.jobs import mapreduce
from footfall.learning import vectors
from footfall.learning.errors import MahoutFailed
from footfall.learning.places import Place
from footfall.learning.vectors import Cluster, Matrix
from footfall.runtime.environment import child_environment
from footfall.settings import Settings

_K_MEANS: Final = "org.apache.mahout.clustering.kmeans.KMeansDriver"
_RECOMMENDER: Final = "org.apache.mahout.cf.taste.hadoop.item.RecommenderJob"
# Fewer iterations suffice with seeds by k-means++.
MOST_ITERATIONS: Final = 10
# Features have unit variance, so a centre that moves by less than a hundredth of it (squared) stands still.
_CONVERGENCE: Final = 1e-4
# By default 10: of a busy visitor most actions would be ignored, and items that were used would come back.
_PREFERENCES_OF_A_USER: Final = 1000
# What a line of a Java program's complaint begins with, before the class of the error.
_HEAD: Final = re.compile(r"^(?:Exception in thread \"[^\"]*\" |Caused by: |Error: )*(?:[a-z]\w*\.)*")
_COMPLAINT: Final = re.compile(r"^(?:Exception in thread|Caused by:|Error:|Unexpected |Missing |.*\bERROR\b)")
_STARTED: Final = re.compile(r"Running job: (\S+)")
_ENDED: Final = re.compile(r"Job (\S+) (?:completed|failed)")


class Clustering(NamedTuple):
    """The result of k-means. clusters: by ascending number. members: (n,) the cluster's number of each point."""

    clusters: list[Cluster]
    members: vectors.Labels
    iterations: int

    @property
    def centres(self) -> Matrix:
        """The centres by cluster number, (k, d)."""
        return np.array([one.centre for one in self.clusters])


class Scored(NamedTuple):
    """A recommended item. user, item: dense ids."""

    user: int
    item: int
    score: float


class Similar(NamedTuple):
    """Two similar items; each pair is listed once. similarity: log-likelihood, 0 to 1."""

    item: int
    other: int
    similarity: float


class Recommended(NamedTuple):
    """The result of one run of the recommender."""

    items: list[Scored]
    similar: list[Similar]


@dataclass(slots=True)
class Mahout:
    """Runs programs in a place. heap_mb: of the client, MiB. jobs: id and seconds of each MapReduce job that ran."""

    settings: Settings
    place: Place
    heap_mb: int = 256
    jobs: list[tuple[str, float]] = field(default_factory=list)

    def k_means(self, points: Matrix, seeds: Matrix, name: str, *, sequential: bool = False) -> Clustering:
        """Clusters points, beginning with the seeds, by squared Euclidean distance. Raises MahoutFailed.

        points: (n, d). seeds: (k, d). name: a folder of the place. sequential: without MapReduce, in the client.
        """
        self.place.write(f"{name}/points/part-00000", vectors.vectors_file(points))
        self.place.write(f"{name}/seeds/part-00000", vectors.seeds_file(seeds))
        arguments = {
            "--input": self.place.uri(f"{name}/points"),
            "--clusters": self.place.uri(f"{name}/seeds"),
            "--output": self.place.uri(f"{name}/result"),
            "--tempDir": self.place.uri(f"{name}/temp"),
            "--distanceMeasure": vectors.MEASURE,
            "--convergenceDelta": str(_CONVERGENCE),
            "--maxIter": str(MOST_ITERATIONS),
            "--method": "sequential" if sequential else "mapreduce",
        }
        complaint = self._run(_K_MEANS, [*_flat(arguments), "--overwrite", "--clustering"])
        final = [one for one in self.place.names(f"{name}/result") if one.endswith("-final")]
        if not final:
            raise MahoutFailed(f"Mahout did not finish k-means. {complaint}")
        found = [one for content in self._parts(f"{name}/result/{final[0]}") for one in vectors.clusters(content)]
        pairs = [one for content in self._parts(f"{name}/result/clusteredPoints") for one in vectors.members(content)]
        labels = np.full(len(points), -1, np.int64)
        for row, cluster in pairs:
            labels[row] = cluster
        if len(pairs) != len(points) or (labels < 0).any() or len(found) != len(seeds):
            raise MahoutFailed(
                f"Mahout assigned {len(pairs)} of {len(points)} points to {len(found)} of {len(seeds)} clusters. "
                f"{complaint}"
            )
        return Clustering(sorted(found), labels, int(final[0].split("-")[1]))

    def recommend(
        self,
        preferences: Iterable[tuple[int, int, float]],
        name: str,
        *,
        boolean: bool,
        most: int,
        most_similar: int = 50,
        seed: int = 1,
    ) -> Recommended:
        """Recommends up to `most` items to each user, never one that the user has used. Raises MahoutFailed.

        preferences: of a user for an item, both dense ids from 0, with a weight above 0; each pair once
        name: a folder of the place. boolean: whether weights are ignored. most_similar: kept of each item
        """
        lines = (f"{user},{item},{weight:.6g}\n" for user, item, weight in preferences)
        self.place.write(f"{name}/preferences/part-00000.csv", "".join(lines).encode())
        arguments = {
            "--input": self.place.uri(f"{name}/preferences"),
            "--output": self.place.uri(f"{name}/items"),
            "--outputPathForSimilarityMatrix": self.place.uri(f"{name}/similar"),
            "--tempDir": self.place.uri(f"{name}/temp"),
            "--similarityClassname": "SIMILARITY_LOGLIKELIHOOD",
            "--booleanData": str(boolean).lower(),
            "--numRecommendations": str(most),
            "--maxPrefsPerUser": str(_PREFERENCES_OF_A_USER),
            "--maxPrefsInItemSimilarity": str(_PREFERENCES_OF_A_USER),
            "--maxSimilaritiesPerItem": str(most_similar),
            # Without it, each run would sample other preferences.
            "--randomSeed": str(seed),
        }
        complaint = self._run(_RECOMMENDER, _flat(arguments))
        # The program's exit status is 0 even if one of its jobs failed.
        if not all("_SUCCESS" in self.place.names(f"{name}/{part}") for part in ("items", "similar")):
            raise MahoutFailed(f"Mahout did not finish the recommendations. {complaint}")
        try:
            return Recommended(
                [one for line in self._lines(f"{name}/items") for one in parse_items(line)],
                [parse_similar(line) for line in self._lines(f"{name}/similar")],
            )
        except (ValueError, IndexError):
            raise MahoutFailed("The recommendations of Mahout cannot be read. Run the job again.") from None

    @contextmanager
    def clean(self) -> Iterator[None]:
        """Before: ends what an earlier client left running, and deletes its files. After: deletes the new ones.

        Raises EngineUnavailable.
        """
        self.place.end_jobs()
        self.place.delete()
        try:
            yield
        finally:
            try:
                self.place.delete()
            except EngineUnavailable as error:
                print(f"The files of Mahout could not be deleted; the next attempt does it. {error}", file=sys.stderr)

    def _lines(self, path: str) -> Iterator[str]:
        for content in self._parts(path):
            yield from content.decode().splitlines()

    def _parts(self, path: str) -> Iterator[bytes]:
        for name in self.place.names(path):
            if name.startswith("part-"):
                yield self.place.read(f"{path}/{name}")

    def _run(self, program: str, arguments: Sequence[str]) -> str:
        """Runs a program to its end. Returns what it complained about, as a sentence. Raises MahoutFailed."""
        parent = self.settings.run_dir / "tmp"
        parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=parent, prefix="mahout-") as folder:
            command = mapreduce.client(
                self.settings,
                self.heap_mb,
                program,
                [*self.place.options(Path(folder)), *arguments],
                temporary=Path(folder),
                engines=["mahout"],
            )
            environment = child_environment(self.settings)
            streams: dict[str, Any] = {"stdout": PIPE, "stderr": STDOUT, "encoding": "utf-8", "errors": "replace"}
            with Popen(command, env=environment, cwd=folder, **streams) as client:
                assert client.stdout is not None
                try:
                    said = self._follow(client.stdout)
                    status = client.wait()
                except BaseException:
                    mapreduce.stop(client)
                    with suppress(EngineUnavailable):
                        self.place.end_jobs()
                    raise
        sentence = f"It said: {said}" if said else f"It ended with status {status} and said nothing."
        if status != 0:
            raise MahoutFailed(f"Mahout's {program.rpartition('.')[2]} failed. {sentence}")
        return sentence

    def _follow(self, lines: Iterable[str]) -> str:
        """Passes a program's lines on to stderr, and times its jobs. Returns its first complaint, '' without one."""
        said, began = "", {}
        for line in lines:
            sys.stderr.write(line)
            if started := _STARTED.search(line):
                began[started[1]] = time.monotonic()
            elif (ended := _ENDED.search(line)) and ended[1] in began:
                self.jobs.append((ended[1], time.monotonic() - began[ended[1]]))
            elif not said and _COMPLAINT.match(line):
                said = _HEAD.sub("", line.strip())[:500]
        return said


def parse_items(line: str) -> list[Scored]:
    """The items of one user: `USER<tab>[ITEM:SCORE,…]`. Raises ValueError."""
    user, listed = line.split("\t")
    pairs = (pair.split(":") for pair in listed.strip("[]").split(",") if pair)
    return [Scored(int(user), int(item), float(score)) for item, score in pairs]


def parse_similar(line: str) -> Similar:
    """A pair of similar items: `ITEM<tab>ITEM<tab>SIMILARITY`. Raises ValueError and IndexError."""
    item, other, similarity = line.split("\t")
    return Similar(int(item), int(other), float(similarity))


def _flat(arguments: dict[str, str]) -> list[str]:
    return [word for pair in arguments.items() for word in pair]
