"""What lies in HDFS: its layout and schemas, how it is read, how far it is written, and how long it is kept.

The streaming driver writes it; questions, `verify` and batches read it. Nothing here starts Spark.
"""
