"""The event: its schema, validation, identity, times, bots, consent and rejects.

This package imports no engine and opens no socket, so the same code decides in every engine.
"""
