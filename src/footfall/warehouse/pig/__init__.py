"""Pig: the job `logs`, which makes all tables of log lines and of rejected events."""
