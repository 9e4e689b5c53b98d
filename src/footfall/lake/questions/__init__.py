"""The questions that the windows in HDFS answer, one file each. They need no JVM."""
