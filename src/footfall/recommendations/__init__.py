"""The lists of items that learning wrote for the sites: their table in HBase, its reader, what a visitor is shown."""
