"""The event: its schema, validation, identity, times, bots, consent and rejects.

Pure: nothing here imports an engine, opens a socket or reads a clock unasked, so every engine decides alike by it.
"""
