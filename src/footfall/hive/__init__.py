"""Clients of Hive: `Hive` for SQL through HiveServer2, and the metastore for partitions.

They import their Thrift libraries only when they are used, because commands that need no Hive must start fast.
"""

from footfall.hive.client import Hive
from footfall.hive.errors import HiveRefused, HiveUnavailable

__all__ = ["Hive", "HiveRefused", "HiveUnavailable"]
