"""The client of the job `segments`: assigns the subjects of the window to the segments of the newest model."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from footfall.hdfs import Hdfs
from footfall.jobs.model import tag
from footfall.learning import checks, extracts, features, runs
from footfall.learning.clients import _client
from footfall.learning.clients.segment_model import SEED
from footfall.learning.errors import ModelMissing, TooLittleData
from footfall.learning.features import NAMES, SPACE, Figures, Scale
from footfall.learning.mahout import Clustering, Mahout
from footfall.learning.outliers import OUTLIER, outliers
from footfall.learning.places import OnYarn
from footfall.learning.runs import Plan, Verdict
from footfall.learning.segments import Segment, describe, drift
from footfall.learning.silhouette import sample_of, silhouettes
from footfall.learning.tables import (
    SEGMENT_DRIFT,
    SEGMENT_MEMBERS,
    SEGMENT_MODELS,
    SEGMENTS,
    SEGMENTS_POINTER,
)
from footfall.learning.vectors import Labels, Matrix
from footfall.settings import Settings
from footfall.warehouse import published

NAME: Final = "segments"
CONTAINER_MB: Final = 1024


def score(settings: Settings, files: Hdfs, plan: Plan) -> str:
    """Does the job. Raises TooLittleData, ModelMissing, MahoutFailed, HdfsUnavailable and YarnUnavailable."""
    runs.begin(files, plan.run, SEGMENTS_POINTER)
    model = runs.model(files, plan.run, SEGMENT_MODELS, plan.dt)
    if model["space"] != SPACE:
        raise ModelMissing(f"The model {model['model_id']} knows other features or weights. Make a new one first.")
    figures = extracts.figures_of(runs.rows(files, plan.run, "subjects"))
    values = features.values(figures, runs.end_ms(plan))
    points = Scale(np.array(model["mean"]), np.array(model["deviation"])).coordinates(values)
    if (points == points[0]).all():
        raise TooLittleData(f"The days have {len(points)} subjects without any difference, so there are no segments.")
    place = OnYarn(settings, runs.staging(plan.run, NAME), tag(NAME, plan.run), CONTAINER_MB)
    mahout = Mahout(settings, place)
    with mahout.clean():
        found = mahout.k_means(points, np.array(model["centres"]), "k-means")
    distances = np.linalg.norm(points - found.centres[found.members], axis=1)
    labels = np.where(outliers(distances), OUTLIER, found.members)
    segments = describe(values, labels, silhouettes_of(points, labels))
    member_rows = _members(figures, labels, distances, segments, model["model_id"])
    segment_rows = _segments(segments, values.mean(axis=0), model["model_id"])
    runs.put_table(files, plan.run, SEGMENTS, plan.dt, segment_rows)
    runs.put_table(files, plan.run, SEGMENT_MEMBERS, plan.dt, member_rows)
    runs.put_table(files, plan.run, SEGMENT_DRIFT, plan.dt, _drift(files, plan, model["model_id"], member_rows, found))
    runs.put_model(
        files, plan.run, SEGMENTS_POINTER, {"model_id": model["model_id"], "centres": found.centres.tolist()}
    )
    problems = checks.of_segments((one.subject for one in figures), member_rows, segment_rows)
    runs.put_verdict(files, plan.run, Verdict(SEGMENTS_POINTER, plan.dt, problems))
    slowest = max((seconds for _, seconds in mahout.jobs), default=0.0)
    inside = int((labels != OUTLIER).sum())
    return (
        f"{inside} subjects are in {len(found.clusters)} segments after {found.iterations} iterations, "
        f"{len(labels) - inside} are outliers; {len(mahout.jobs)} jobs of at most {slowest:.0f} s. "
        + " ".join(problems)
    )


def silhouettes_of(points: Matrix, labels: Labels) -> dict[int, float]:
    """The mean silhouette of each segment in a sample of its members; outliers have none."""
    inside = np.flatnonzero(labels != OUTLIER)
    rows = inside[sample_of(points[inside], SEED)]
    values = silhouettes(points[rows], labels[rows])
    return {int(one): float(values[labels[rows] == one].mean()) for one in np.unique(labels[rows])}


def _segments(segments: Sequence[Segment], mean: Matrix, model_id: str) -> list[dict[str, Any]]:
    return [
        {
            "model_id": model_id,
            "segment_id": one.number,
            "name": one.name,
            "size": one.size,
            "size_share": one.share,
            "feature": name,
            "centre": float(one.centre[index]),
            "population_mean": float(mean[index]),
            "z": float(one.z[index]),
            "silhouette": one.silhouette,
        }
        for one in segments
        for index, name in enumerate(NAMES)
    ]


def _members(
    figures: Sequence[Figures], labels: Labels, distances: Matrix, segments: Sequence[Segment], model_id: str
) -> list[dict[str, Any]]:
    names = {one.number: one.name for one in segments}
    return [
        {
            "subject": one.subject,
            "is_user": one.is_user,
            "segment_id": int(label),
            "segment_name": names[int(label)],
            "distance": float(distance),
            "visits": one.visits,
            "model_id": model_id,
        }
        for one, label, distance in zip(figures, labels, distances, strict=True)
    ]


def _drift(
    files: Hdfs, plan: Plan, model_id: str, members: Sequence[Mapping[str, Any]], found: Clustering
) -> list[dict[str, Any]]:
    """Rows of `segment_drift`, against the newest published day before this one, if it has the same model."""
    earlier = [one for day, one in published.read(files, SEGMENTS_POINTER).items() if str(day) < plan.dt]
    if not earlier:
        return []
    before, dt = earlier[-1], str(earlier[-1].day)
    old = runs.own_model(files, before.run, SEGMENTS_POINTER)
    if old is None or old["model_id"] != model_id:
        return []
    old_members = runs.table_rows(files, before.run, SEGMENT_MEMBERS, dt)
    moved = drift(
        {row["subject"]: row["segment_id"] for row in old_members},
        {row["subject"]: row["segment_id"] for row in members},
        dict(enumerate(np.array(old["centres"]))),
        dict(enumerate(found.centres)),
    )
    return [
        {
            "model_id": model_id,
            "previous_dt": dt,
            "segment_id": number,
            "centre_shift": shift,
            "moved_share": moved.moved,
            "stability_index": moved.shift,
        }
        for number, shift in moved.centres.items()
    ]


if __name__ == "__main__":
    sys.exit(_client.run(sys.argv[1:], score))
