"""The batch job `events`: Spark on YARN makes every table that is shaped like events, for a run and a range of days.

A module makes the tables of one subject from DataFrames; `pipeline` orders them, and `run` is the client process.
Definitions are those of `footfall.metrics`: `definitions` states them as Spark's columns, and `sessions` calls them.
"""
