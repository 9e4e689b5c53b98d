"""Spark Structured Streaming: archives every event in HDFS and computes windowed aggregates from the archive."""
