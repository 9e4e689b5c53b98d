"""Kafka's metadata: its topics, where their logs begin and end, and what a consumer group committed.

Code that reads or writes records is in the stations that do so.
"""
