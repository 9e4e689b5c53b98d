"""The job `profiles`: Sqoop lands extracts of the CRM's people in HDFS, and Spark makes their history.

`run.py` is the client. An extract is complete before it is visible, and so are the profiles that are made of it.
"""
