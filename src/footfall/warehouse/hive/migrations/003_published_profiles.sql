-- Which run of the profiles is in use. One file holds it, and publishing replaces that file.
CREATE EXTERNAL TABLE IF NOT EXISTS footfall.published_profiles (
  run string COMMENT 'the run whose profiles are in use',
  published_ms bigint COMMENT 'when they were published, ms since 1970'
)
COMMENT 'The run of the profiles that is in use; no row before the first import.'
STORED AS JSONFILE
LOCATION '%(root)s/published_profiles';
