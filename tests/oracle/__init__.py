"""The independent oracle of the historical questions: plain SQL in DuckDB over raw Parquet files and raw log lines.

It is written from the definitions alone and imports nothing of `footfall`, so it can share no mistake with the engines.
`golden/` holds a small archive whose answers were worked out by hand; the oracle itself is tested with it.
"""
