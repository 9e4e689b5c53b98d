"""The same work by independent libraries: implicit's recommenders, and scikit-learn's k-means.

`rivals.py` runs this in a separate environment, without Footfall:

    python peer_libraries.py recommend FOLDER
    python peer_libraries.py cluster FOLDER

Both read FOLDER/data.npz and print one JSON document.

recommend: `users`, `items`, `weights`: dense numbers of a preference, as Mahout gets them; `site_of_user`,
           `site_of_item`: numbers; `asked`: the users who want a list. Answers variant → asked user → items, the best
           first, of the user's own site and none that the user used.
cluster:   `points_NAME` (n, d) for each way to measure, and `k`. Answers NAME → cluster of each point.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as implicit asks for, which has threads of its own

import numpy as np
from implicit.als import AlternatingLeastSquares
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender
from scipy.sparse import csr_matrix
from sklearn.cluster import KMeans

_MOST = 10
_SEED = 1
# Some usual settings of each. The caller chooses one on validation days.
_VARIANTS: dict[str, Any] = {
    "als 16": lambda: AlternatingLeastSquares(factors=16, alpha=10, random_state=_SEED),
    "als 64": lambda: AlternatingLeastSquares(factors=64, alpha=10, random_state=_SEED),
    "als 64, regularized": lambda: AlternatingLeastSquares(factors=64, regularization=1, alpha=1, random_state=_SEED),
    "cosine": lambda: CosineRecommender(K=50),
    "tf-idf": lambda: TFIDFRecommender(K=50),
    "bm25": lambda: BM25Recommender(K=50),
}


def recommend(data: Any) -> dict[str, dict[str, list[int]]]:
    """The lists of each variant, with and without weights."""
    shape = len(data["site_of_user"]), len(data["site_of_item"])
    answers = {}
    for kind, weights in (("boolean", np.ones(len(data["weights"]))), ("weighted", data["weights"])):
        uses = csr_matrix((weights.astype(np.float32), (data["users"], data["items"])), shape)
        for name, make in _VARIANTS.items():
            model = make()
            model.fit(uses, show_progress=False)
            answers[f"{name}, {kind}"] = _lists(model, uses, data)
    return answers


def _lists(model: Any, uses: csr_matrix, data: Any) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for site in np.unique(data["site_of_item"]):
        users = data["asked"][data["site_of_user"][data["asked"]] == site]
        if len(users):
            items = np.flatnonzero(data["site_of_item"] == site)
            most = min(_MOST, len(items))
            ids, scores = model.recommend(users, uses[users], N=most, items=items, filter_already_liked_items=True)
            for user, listed, scored in zip(users, ids, scores, strict=True):
                used = set(uses[user].indices)
                # A user who used almost all items, or whose items are similar to few, gets fewer than were asked for:
                # the rest is filled with items of the lowest score, or with used ones.
                pairs = zip(listed.tolist(), scored.tolist(), strict=True)
                found[str(user)] = [item for item, score in pairs if item >= 0 and item not in used and score > -1e30]
    return found


def cluster(data: Any) -> dict[str, list[int]]:
    """The clusters by each way to measure."""
    k = int(data["k"])
    return {
        name.removeprefix("points_"): KMeans(k, n_init=10, random_state=_SEED).fit_predict(data[name]).tolist()
        for name in data.files
        if name.startswith("points_")
    }


def main() -> None:
    """Does what the first argument asks for."""
    data = np.load(Path(sys.argv[2]) / "data.npz")
    print(json.dumps(recommend(data) if sys.argv[1] == "recommend" else cluster(data)))


if __name__ == "__main__":
    main()
