"""Proof that no event was lost or counted twice: every store is reconciled with what visitors know they sent.

The counting here is written a second time, from the definitions alone: it shares the stores' key formats with the live
path, never its arithmetic, so that one mistake cannot hide in both.
"""
