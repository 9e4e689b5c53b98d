"""The simulated visitors of one site: who they are, what they do, what their browsers send, and the ledger of it.

Deciding code here is pure (population, behaviour, visit, tracker, simulation); `browser` and `run` speak HTTP.
"""
