"""Loads raw data into DuckDB, into the tables `main.event`, `main.depth`, `main.server_error`, `main.performance` and
`main.profile`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from tests.oracle import log_lines

# Files from before the event's schema 1.1 lack some columns; an empty table with these stands beside them.
# The record with the lowest offset of an identity counts, on whatever day the others lie. Only then is the day cut at
# the archive's end, so that a later record never takes the place of one that came too late for its day.
_EVENTS = """
create table main.event as
with record as (
  select *, row_number() over (partition by session_id, event_id order by kafka_offset) as copy
  from (
    from read_parquet($files, hive_partitioning = true, hive_types_autocast = false, union_by_name = true)
    union all by name
    select null::varchar as event_name, null::varchar as via, null::integer as lcp_ms, null::integer as inp_ms,
      null::integer as ttfb_ms, null::integer as cls_milli
    where false
  )
), first_record as (
  select * exclude (dt), strftime(make_timestamp(epoch_us(event_time)), '%Y-%m-%d') as dt from record where copy = 1
)
select app_id, dt, session_id, event_id, anonymous_id, user_id, seq, event_type, consent, is_bot,
  epoch_ms(event_time) as at_ms,
  epoch_ms(received_at) - epoch_ms(event_time) > 60000 as is_late,
  page_view_id, page_path, page_section, page_type, page_title, request_id, element, event_name, order_id, value_cents,
  list_id, variant,
  engaged_ms, scroll_pct, response_ms, http_status, error_code, error_message,
  lcp_ms, inp_ms, cls_milli, ttfb_ms,
  device_type, country, region, city, latitude, longitude
from first_record
where dt not in (select dt from archive_end) or exists (
  from archive_end as ends
  where ends.dt = first_record.dt and ends.kafka_partition = first_record.kafka_partition
    and first_record.kafka_offset < ends.end_offset)
"""
# By any event of the page view, a bot's included: it is a property of the page view.
_DEPTH = """
create table main.depth as
select app_id, session_id, page_view_id, dt, max(scroll_pct) as depth
from main.event where page_view_id is not null and scroll_pct is not null group by all
"""
_PROFILES = """
create table main.profile (
  user_id varchar, valid_from_ms bigint, valid_to_ms bigint, plan varchar, country varchar, birth_year integer,
  company_size varchar, deleted boolean)
"""
_SERVER_ERRORS = """
create table main.server_error (
  dt varchar, at_ms bigint, app_id varchar, request_id varchar, error_code varchar, message varchar, page_path varchar,
  own_frame varchar)
"""
# A line belongs to the event with its request id on its day: the page view if there is one, then the first. A line
# without an event is a person's.
_SENDERS = """
alter table main.server_error add column session_id varchar;
alter table main.server_error add column event_id varchar;
alter table main.server_error add column anonymous_id varchar;
alter table main.server_error add column is_bot boolean default false;
update main.server_error as line
set session_id = sender.session_id, event_id = sender.event_id, anonymous_id = sender.anonymous_id,
  is_bot = sender.is_bot
from (
  select *, row_number() over (
    partition by request_id, dt order by event_type <> 'page_view', at_ms, session_id, event_id) as choice
  from main.event where request_id in (select request_id from main.server_error)
) as sender
where choice = 1 and sender.request_id = line.request_id and sender.dt = line.dt
"""
_PERFORMANCE = "create table main.performance (dt varchar, request_id varchar, duration_us bigint)"


def load_events(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[str | Path],
    archive_ends: Mapping[str, Mapping[str, int]] | None,
) -> None:
    """Loads the distinct events of the archive."""
    connection.execute("create temp table archive_end (dt varchar, kafka_partition integer, end_offset bigint)")
    ends = [(dt, int(part), end) for dt, parts in (archive_ends or {}).items() for part, end in parts.items()]
    if ends:
        connection.executemany("insert into archive_end values (?, ?, ?)", ends)
    connection.execute(_EVENTS, {"files": [str(file) for file in files]})
    connection.execute(_DEPTH)


def load_logs(connection: duckdb.DuckDBPyConnection, logs: Mapping[str, Sequence[str | Path]]) -> None:
    """Loads the valid lines of the error and performance logs, each distinct line once; after the events."""
    connection.execute(_SERVER_ERRORS)
    connection.execute(_PERFORMANCE)
    for table, rows in (
        ("server_error", log_lines.errors(logs.get("error", ()))),
        ("performance", log_lines.performance(logs.get("performance", ()))),
    ):
        if rows.num_rows:
            connection.register("lines", rows)
            connection.execute(f"insert into main.{table} by name select * from lines")
            connection.unregister("lines")
    connection.execute(_SENDERS)


def load_profiles(connection: duckdb.DuckDBPyConnection, files: Sequence[str | Path]) -> None:
    """Loads the history of profiles."""
    connection.execute(_PROFILES)
    if files:
        columns = "user_id, valid_from_ms, valid_to_ms, plan, country, birth_year, company_size, deleted::boolean"
        connection.execute(
            f"insert into main.profile select {columns} from read_parquet($files)",
            {"files": [str(file) for file in files]},
        )
