"""The questions that the windows in HDFS answer, one file each. No JVM is started for them."""
