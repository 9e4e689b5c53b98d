"""The warehouse: daily tables of past days in Hive, made by jobs of Sqoop, Pig and Spark from the data in HDFS.

A run writes its own partitions of every table; a day becomes visible when its run is published.
"""
