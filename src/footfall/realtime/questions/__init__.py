"""The questions that are answered from the live tables, one module each."""

from typing import Final

from footfall.questions.sources import Source
from footfall.realtime.store import HBaseStore

HBASE: Final = Source("hbase", lambda settings: HBaseStore(settings), HBaseStore.close)
