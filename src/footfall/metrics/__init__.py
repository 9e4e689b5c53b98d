"""What each figure means, as pure functions that every engine calls; one file a concept.

A function takes one event or one count. Where an engine works on whole columns, its form on numpy arrays stands in the
same file. Imports no engine, and of Footfall only `events/`.
"""
