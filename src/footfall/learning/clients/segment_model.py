"""The client of the job `segment-model`: chooses the number of segments by silhouette, weekly or on demand."""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from footfall.hdfs import Hdfs
from footfall.learning import extracts, features, runs
from footfall.learning.clients import _client
from footfall.learning.errors import TooLittleData
from footfall.learning.features import NAMES, SPACE
from footfall.learning.mahout import Mahout
from footfall.learning.places import InProcess
from footfall.learning.runs import Plan, Verdict
from footfall.learning.seeds import k_means_plus_plus
from footfall.learning.silhouette import LEAST_K, MOST_K, best_k, sample_of, silhouettes
from footfall.learning.tables import SEGMENT_MODEL, SEGMENT_MODELS
from footfall.learning.vectors import Matrix
from footfall.settings import Settings

# Everything random begins with it, so one run's input has one result.
SEED: Final = 20_261_129


def train(settings: Settings, files: Hdfs, plan: Plan) -> str:
    """Does the job. Raises TooLittleData, ModelMissing, MahoutFailed and HdfsUnavailable."""
    if SEGMENT_MODELS not in plan.train:
        return runs.kept(files, plan, SEGMENT_MODELS)
    runs.begin(files, plan.run, SEGMENT_MODELS)
    figures = extracts.figures_of(runs.rows(files, plan.run, "subjects"))
    matrix = features.values(figures, runs.end_ms(plan))
    scale = features.scale_of(matrix)
    points = scale.coordinates(matrix)
    scores, centres = choose(settings, points[sample_of(points, SEED)])
    k = best_k(scores)
    model = {
        "model_id": f"segments-{plan.run}",
        "space": SPACE,
        "k": k,
        "mean": scale.mean.tolist(),
        "deviation": scale.deviation.tolist(),
        "centres": centres[k].tolist(),
    }
    row = {
        "model_id": model["model_id"],
        "first_dt": plan.first,
        "seed": SEED,
        "parameters": json.dumps({"k": k, "features": NAMES}),
        "figures": json.dumps({"silhouette_by_k": scores, "subjects": len(points)}),
        "trained_ms": int(time.time() * 1000),
    }
    runs.put_model(files, plan.run, SEGMENT_MODELS, model)
    runs.put_table(files, plan.run, SEGMENT_MODEL, plan.dt, [row])
    problems = [] if scores[k] > 0 else ["The subjects form no clusters: the silhouette is not above 0."]
    runs.put_verdict(files, plan.run, Verdict(SEGMENT_MODELS, plan.dt, problems))
    return f"{k} segments were chosen; the silhouette is {scores[k]:.3f}."


def choose(settings: Settings, sample: Matrix) -> tuple[dict[int, float], dict[int, Matrix]]:
    """The mean silhouette and the centres for each number of segments. sample: (n, d). Raises TooLittleData."""
    scores: dict[int, float] = {}
    centres: dict[int, Matrix] = {}
    parent = settings.run_dir / "tmp"
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix="mahout-") as folder:
        mahout = Mahout(settings, InProcess(Path(folder)))
        for k in range(LEAST_K, MOST_K + 1):
            try:
                seeds = k_means_plus_plus(sample, k, SEED)
            except TooLittleData:
                if not scores:
                    raise
                break  # There are not more distinct points than segments already tried.
            found = mahout.k_means(sample, seeds, f"k{k}", sequential=True)
            scores[k] = float(silhouettes(sample, found.members).mean())
            centres[k] = found.centres
            print(f"{k} segments: silhouette {scores[k]:.4f} after {found.iterations} iterations", file=sys.stderr)
    return scores, centres


if __name__ == "__main__":
    sys.exit(_client.run(sys.argv[1:], train))
