"""The lists of items that learning wrote for the sites, in HBase's table `recommendations`."""
