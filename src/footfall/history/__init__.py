"""Generates past days: the same visitors on the same sites in simulated time, with the events and log lines they leave.

A day depends only on seed, date, population and events per day. `run.py` brings the generated days to the engines.
"""
