"""Spark Structured Streaming: the archive of every event in HDFS, and windowed aggregates made from it."""
