"""The shares that warn, as SQL over a few rows."""

import sqlite3
from collections.abc import Sequence

from footfall.warehouse.checks import SHARES


def _share(name: str, columns: str, rows: Sequence[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """What a share selects from these rows of its table, by day."""
    (share,) = (share for share in SHARES if share.name == name)
    database = sqlite3.connect(":memory:")
    database.execute(f"CREATE TABLE {share.table} ({columns})")
    database.executemany(f"INSERT INTO {share.table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
    # SQLite's name of the function.
    return sorted(database.execute(share.select.replace("IF(", "IIF(")).fetchall())


def test_a_site_without_logs_is_left_out_of_the_share_of_page_views_without_a_line() -> None:
    views = [("d1", "shop", 1), ("d1", "shop", None), ("d1", "blog", None), ("d2", "blog", None), ("d3", "shop", 2)]
    found = _share("page view without a log line", "dt, app_id, server_us", views)
    assert found == [("d1", 1, 2), ("d3", 0, 1)]


def test_a_site_whose_people_are_not_in_the_crm_is_left_out_of_the_share_of_users_without_a_profile() -> None:
    visits = [
        ("d1", "shop", "u1", "all", "basic"),
        ("d1", "shop", "u2", "all", None),
        ("d1", "shop", "u2", "people", None),
        ("d1", "shop", None, "all", None),
        ("d1", "blog", "anna", "all", None),
        ("d2", "blog", "anna", "all", None),
    ]
    found = _share("users without a profile", "dt, app_id, user_id, population, profile_plan", visits)
    assert found == [("d1", 1, 2)]
