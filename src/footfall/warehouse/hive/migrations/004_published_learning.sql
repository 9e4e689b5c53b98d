-- Which run of each kind of learning is published, by the last day of its window. Publishing replaces one file.
CREATE EXTERNAL TABLE IF NOT EXISTS footfall.published_segment_models (
  dt string COMMENT 'last day of the window, UTC',
  run string COMMENT 'the run whose rows are published for that day',
  published_ms bigint COMMENT 'when it was published, ms since 1970',
  manifest string COMMENT 'file in HDFS that lists the days and runs that were read'
)
COMMENT 'The published run of the model of segments.'
STORED AS JSONFILE
LOCATION '%(root)s/published_segment_models';

CREATE EXTERNAL TABLE IF NOT EXISTS footfall.published_segments (
  dt string COMMENT 'last day of the window, UTC',
  run string COMMENT 'the run whose rows are published for that day',
  published_ms bigint COMMENT 'when it was published, ms since 1970',
  manifest string COMMENT 'file in HDFS that lists the days and runs that were read'
)
COMMENT 'The published run of segments and their members.'
STORED AS JSONFILE
LOCATION '%(root)s/published_segments';

CREATE EXTERNAL TABLE IF NOT EXISTS footfall.published_recommender_models (
  dt string COMMENT 'last day of the window, UTC',
  run string COMMENT 'the run whose rows are published for that day',
  published_ms bigint COMMENT 'when it was published, ms since 1970',
  manifest string COMMENT 'file in HDFS that lists the days and runs that were read'
)
COMMENT 'The published run of the model of recommendations.'
STORED AS JSONFILE
LOCATION '%(root)s/published_recommender_models';

CREATE EXTERNAL TABLE IF NOT EXISTS footfall.published_recommendations (
  dt string COMMENT 'last day of the window, UTC',
  run string COMMENT 'the run whose rows are published for that day',
  published_ms bigint COMMENT 'when it was published, ms since 1970',
  manifest string COMMENT 'file in HDFS that lists the days and runs that were read'
)
COMMENT 'The published run of recommendations, similar and popular items.'
STORED AS JSONFILE
LOCATION '%(root)s/published_recommendations';
