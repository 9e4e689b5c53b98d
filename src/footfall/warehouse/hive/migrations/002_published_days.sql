-- Which run of each day is published. One file holds it, and publishing replaces that file.
CREATE EXTERNAL TABLE IF NOT EXISTS footfall.published_days (
  dt string COMMENT 'day, UTC',
  run string COMMENT 'the run whose rows are published for that day',
  published_ms bigint COMMENT 'when it was published, ms since 1970',
  manifest string COMMENT 'file in HDFS that lists what the run read'
)
COMMENT 'The published run of each day. The views without _runs show these rows only.'
STORED AS JSONFILE
LOCATION '%(root)s/published_days';
