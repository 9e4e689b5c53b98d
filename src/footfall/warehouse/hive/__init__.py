"""The warehouse in Hive: its tables and views, and the partitions of runs."""
