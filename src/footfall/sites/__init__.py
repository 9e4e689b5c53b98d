"""The three demo web sites, their simulated visitors and their logs. Every event starts here.

This package holds the Flask applications and their content; `visitors` holds the simulated people. No code here
depends on Storm, HBase or HDFS: a site hands its events to its collector and does nothing else with them.
"""
