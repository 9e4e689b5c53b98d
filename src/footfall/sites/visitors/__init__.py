"""The simulated visitors of one site: the people, their behaviour, what their browsers send, and the ledger of it.

The modules that make decisions are pure (population, behaviour, visit, tracker, simulation); `transport` and `outbox`
speak HTTP.
"""
