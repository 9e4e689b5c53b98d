"""The three web sites, their visitors and their logs: where every event begins.

Here are Flask applications and what they show; `visitors` holds the simulated people. Nothing here knows of Storm,
HBase or HDFS: a site hands its events to the collector and is done.
"""
