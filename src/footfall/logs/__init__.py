"""The sites' logs on their way through Flume to HDFS: what was read, what was left open, and the lines."""
