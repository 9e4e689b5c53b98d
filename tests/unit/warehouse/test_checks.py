"""The shares that warn, as SQL over a few rows."""

import sqlite3

from footfall.warehouse.checks import SHARES


def test_a_site_without_logs_is_left_out_of_the_share_of_page_views_without_a_line() -> None:
    (share,) = (share for share in SHARES if share.name == "page view without a log line")
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE fact_page_views (dt, app_id, server_us)")
    views = [("d1", "shop", 1), ("d1", "shop", None), ("d1", "blog", None), ("d2", "blog", None), ("d3", "shop", 2)]
    database.executemany("INSERT INTO fact_page_views VALUES (?, ?, ?)", views)
    # SQLite's name of the function.
    rows = database.execute(share.select.replace("IF(", "IIF(")).fetchall()
    assert sorted(rows) == [("d1", 1, 2), ("d3", 0, 1)]
