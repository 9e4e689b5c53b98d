"""The questions that the sites' logs in HDFS answer, one file each."""
