"""Independent libraries in a separate environment: `HOME/bench/learning`, made from `peers.txt` with uv."""

import json
import os
import subprocess
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from footfall.learning.ids import Ids, Item, User
from footfall.learning.vectors import Matrix
from footfall.runtime import python_packages
from footfall.settings import Settings

LOCK: Final = Path(__file__).with_name("peers.txt")
SCRIPT: Final = Path(__file__).with_name("peer_libraries.py")

Lists = Mapping[User, list[Item]]


def environment(settings: Settings) -> Path:
    """The Python of the libraries' environment, which holds what the lock says. Raises ClusterError."""
    folder = settings.home / "bench" / "learning"
    python_packages.make_environment(settings, LOCK, folder)
    return folder / "bin" / "python"


def recommend(python: Path, liked: Mapping[User, Mapping[Item, float]], asked: Collection[User]) -> dict[str, Lists]:
    """The lists of implicit's variants by name. liked: weights by user and item. asked: who wants a list."""
    users, items = Ids(liked), Ids(item for found in liked.values() for item in found)
    sites = {app: number for number, app in enumerate(sorted({user.app_id for user in liked}))}
    rows = [
        (users.number(user), items.number(item), weight)
        for user, found in liked.items()
        for item, weight in found.items()
    ]
    columns = list(zip(*rows, strict=True))
    answer = _ask(
        python,
        "recommend",
        users=np.array(columns[0]),
        items=np.array(columns[1]),
        weights=np.array(columns[2]),
        site_of_user=np.array([sites[users.thing(number).app_id] for number in range(len(users))]),
        site_of_item=np.array([sites[items.thing(number).app_id] for number in range(len(items))]),
        asked=np.array([users.number(user) for user in sorted(asked)]),
    )
    return {
        variant: {users.thing(int(user)): [items.thing(item) for item in listed] for user, listed in lists.items()}
        for variant, lists in answer.items()
    }


def cluster(python: Path, spaces: Mapping[str, Matrix], k: int) -> dict[str, NDArray[np.int64]]:
    """The clusters of scikit-learn's k-means in each space. spaces: by name: (n, d)."""
    answer = _ask(python, "cluster", k=np.array(k), **{f"points_{name}": points for name, points in spaces.items()})
    return {name: np.array(labels) for name, labels in answer.items()}


def _ask(python: Path, task: str, **data: Any) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "data.npz", **data)
        kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
        command = [str(python), str(SCRIPT), task, folder]
        done = subprocess.run(command, env=kept, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"The independent libraries failed: {done.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
