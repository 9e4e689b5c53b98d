"""The model of a question: its parameters, the store that it reads, and its columns.

The questions themselves are in the stations' folders `questions/`, where `question_registry.py` finds them. Nothing
here imports a station.
"""
