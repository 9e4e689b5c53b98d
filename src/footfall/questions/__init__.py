"""The form of a question: its parameters, the store that it reads, its columns.

The questions themselves are in the stations' folders `questions/`, and `question_registry.py` finds them there. Nothing
here imports a station.
"""
