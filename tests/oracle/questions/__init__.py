"""One question, one file: `SQL` over the tables of `sources` and `visits`, and `PARAMETERS`, the question's own.

In SQL, `from_dt` and `to_dt` bound the days, both included; `app` is null for all sites.
"""
