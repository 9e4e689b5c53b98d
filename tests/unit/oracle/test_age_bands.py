"""Age bands in the oracle: the year of the visit less the year of birth."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from footfall.lake.schema import archived as archive_schema
from tests.oracle.oracle import answers
from tests.support import archived


@pytest.mark.parametrize(
    ("age", "band"),
    [
        (17, "unknown"),
        (18, "18-24"),
        (24, "18-24"),
        (25, "25-34"),
        (34, "25-34"),
        (35, "35-44"),
        (44, "35-44"),
        (45, "45-54"),
        (54, "45-54"),
        (55, "55-64"),
        (64, "55-64"),
        (65, "65+"),
        (None, "unknown"),
    ],
)
def test_age_decides_the_band(tmp_path: Path, age: int | None, band: str) -> None:
    events = [archived.event(1, "s", "2026-01-01 10:00:00.000", "page_view", "/", user_id="u")]
    archived.write(tmp_path, events, schema=archive_schema())
    profile = {
        "user_id": "u",
        "valid_from_ms": 0,
        "valid_to_ms": None,
        "plan": "pro",
        "country": "DE",
        "birth_year": None if age is None else 2026 - age,
        "company_size": None,
        "deleted": False,
    }
    pq.write_table(pa.Table.from_pylist([profile]), tmp_path / "profiles.parquet")

    rows = answers(
        "engagement-by-profile",
        events=list(tmp_path.glob("*/*/*.parquet")),
        profiles=[tmp_path / "profiles.parquet"],
        from_dt="2026-01-01",
        to_dt="2026-01-01",
        by="age_band",
    )

    assert [row["value"] for row in rows] == [band]
