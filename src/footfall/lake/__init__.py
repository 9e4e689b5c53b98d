"""The data in HDFS: its layout and schemas, readers, progress, compaction and retention.

The streaming driver writes the data; questions, `verify` and batches read it. Nothing here starts Spark.
"""
