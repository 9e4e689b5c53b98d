-- The database of the warehouse.
CREATE DATABASE IF NOT EXISTS footfall
COMMENT 'Footfall: what people did on the web sites, by day (UTC). Times are ms since 1970.';
