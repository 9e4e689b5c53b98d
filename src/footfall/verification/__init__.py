"""Proof that no event was lost or counted twice: every store is reconciled with the ledgers of the visitors.

The counting is implemented here a second time, from the definitions alone. It shares the stores' key formats with the
live path but none of its arithmetic, so no mistake can hide in both.
"""
