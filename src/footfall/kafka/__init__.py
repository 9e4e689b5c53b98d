"""Kafka asked about itself: which topics there are, where their logs begin and end, what a group committed.

What reads or writes records is with those who do it.
"""
