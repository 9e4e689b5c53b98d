"""The definition of each figure, as pure functions that all engines call; one file per concept.

A function takes one event or one count. If an engine works on whole columns, the numpy variant is in the same file.
The package imports no engine, and only `events/` from Footfall.
"""
