"""The panel "Pipeline lag": how far each store is behind the sites."""

from footfall.dashboard import wording
from footfall.dashboard.components.parts import empty, panel, table
from footfall.dashboard.data.readings import Reading
from footfall.dashboard.markup import Html, tag
from footfall.lags import ConsumerLag

_STORES = {
    "live": "Live figures (HBase)",
    "archive": "Archive (HDFS)",
    "windows": "Windows (HDFS)",
    "logs": "Log lines (Flume)",
}


def pipeline_panel(reading: Reading[list[ConsumerLag]]) -> Html:
    """How far each store is behind the sites."""

    def draw(lags: list[ConsumerLag]) -> Html:
        if not lags:
            return empty("None of these stores is running.")
        lines = [
            (
                tag("span", _STORES.get(lag.name, lag.name), tag("small", lag.trouble) if lag.trouble else None),
                "–" if lag.waiting is None else wording.waiting(lag.waiting, lag.unit),
                "–" if lag.age_s is None else wording.duration(round(lag.age_s * 1000)),
            )
            for lag in lags
        ]
        return table("ff-lags", ("Store", "Waiting", "Age of newest"), lines, numeric=(1, 2))

    return panel("Pipeline lag", "How much still waits for each store, and the age of its newest data.", reading, draw)
