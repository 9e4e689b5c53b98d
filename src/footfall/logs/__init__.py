"""The sites' logs on their way through Flume to HDFS: positions, open files, retention, and the lines themselves."""
