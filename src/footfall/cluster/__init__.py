"""Runs Footfall on a machine: the table of services, and their installation, supervision and health.

Nothing here knows what an event means. A function that needs another package imports it when it is called.
"""
