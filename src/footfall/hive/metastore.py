"""A client of Hive's metastore: properties of databases, and partitions with their statistics in one call each.

SQL would need a statement for each partition's statistics, and each takes a third of a second.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from footfall.hive.errors import HiveUnavailable, failure
from footfall.settings import Settings

if TYPE_CHECKING:
    from impala._thrift_gen.hive_metastore.ThriftHiveMetastore import Client

_INPUT: Final = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
_OUTPUT: Final = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"
_SERDE: Final = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"


class Partition(NamedTuple):
    """A partition of a Parquet table.

    values: of the partition columns, in their order. location: a path in HDFS. rows, files, size: statistics for the
    planner; size in bytes
    """

    values: tuple[str, ...]
    location: str
    rows: int
    files: int
    size: int


class Metastore:
    """The client. Each call opens a connection, since calls are rare. All methods raise HiveUnavailable."""

    def __init__(self, settings: Settings, timeout_s: float = 60.0) -> None:
        """timeout_s: the time limit of one answer, in seconds."""
        self._address = settings.address("hive_metastore")
        self._timeout_s = timeout_s

    def properties(self, database: str) -> dict[str, str] | None:
        """The properties of a database; None if it does not exist. It is read from PostgreSQL."""
        with self._client() as client:
            found = _if_any(lambda: client.get_database(database))
        return None if found is None else dict(found.parameters or {})

    def set_properties(self, database: str, properties: Mapping[str, str]) -> None:
        """Sets properties of a database and leaves others as they are."""
        with self._client() as client:
            found = client.get_database(database)
            found.parameters = {**(found.parameters or {}), **properties}
            client.alter_database(database, found)

    def columns(self, database: str, table: str) -> list[tuple[str, str]] | None:
        """Names and types of a table's columns without the partition columns; None if it does not exist."""
        with self._client() as client:
            found = _if_any(lambda: client.get_fields(database, table))
        return None if found is None else [(field.name, field.type) for field in found]

    def partitions(self, database: str, table: str) -> list[str]:
        """The names of a table's partitions, such as `dt=2026-11-24/run=R`; an empty list if there is no table."""
        with self._client() as client:
            return list(_if_any(lambda: client.get_partition_names(database, table, -1)) or ())

    def add_partitions(
        self, database: str, table: str, columns: Sequence[tuple[str, str]], partitions: Iterable[Partition]
    ) -> None:
        """Adds partitions to a Parquet table; those that exist stay as they are.

        columns: names and types of the table's columns without the partition columns
        """
        from impala._thrift_gen.hive_metastore import ttypes

        fields = [ttypes.FieldSchema(name, kind, None) for name, kind in columns]
        made = []
        for one in partitions:
            serde = ttypes.SerDeInfo(None, _SERDE, {"serialization.format": "1"})
            storage = ttypes.StorageDescriptor(
                cols=fields,
                location=one.location,
                inputFormat=_INPUT,
                outputFormat=_OUTPUT,
                compressed=False,
                numBuckets=-1,
                serdeInfo=serde,
                bucketCols=[],
                sortCols=[],
                parameters={},
            )
            statistics = {"numRows": str(one.rows), "numFiles": str(one.files), "totalSize": str(one.size)}
            made.append(
                ttypes.Partition(
                    values=list(one.values), dbName=database, tableName=table, sd=storage, parameters=statistics
                )
            )
        if not made:
            return
        request = ttypes.AddPartitionsRequest(database, table, made, ifNotExists=True, needResult=False)
        with self._client() as client:
            client.add_partitions_req(request)

    def drop_partitions(self, database: str, table: str, names: Sequence[str]) -> None:
        """Removes partitions from a table and leaves their files. Missing ones are ignored.

        names: such as `dt=2026-11-24/run=R`
        """
        from impala._thrift_gen.hive_metastore import ttypes

        present = set(self.partitions(database, table)) & set(names)
        if not present:
            return
        request = ttypes.DropPartitionsRequest(
            database,
            table,
            ttypes.RequestPartsSpec(names=sorted(present)),
            deleteData=False,
            ifExists=True,
            needResult=False,
        )
        with self._client() as client:
            client.drop_partitions_req(request)

    @contextmanager
    def _client(self) -> "Iterator[Client]":
        from impala._thrift_gen.hive_metastore.ThriftHiveMetastore import Client
        from thrift.protocol.TBinaryProtocol import TBinaryProtocolAccelerated
        from thrift.Thrift import TException
        from thrift.transport.TSocket import TSocket
        from thrift.transport.TTransport import TBufferedTransport, TTransportException

        # It logs each failed connection before it raises an error.
        logging.getLogger("thrift").setLevel(logging.CRITICAL + 1)
        host, port = self._address
        socket = TSocket(host, port)
        socket.setTimeout(self._timeout_s * 1000)
        transport = TBufferedTransport(socket)
        try:
            transport.open()
            yield Client(TBinaryProtocolAccelerated(transport))
        except (TTransportException, OSError, EOFError):
            raise HiveUnavailable(
                f"Hive's metastore does not answer at {self._address}. See `./footfall status`; `./footfall up` "
                "starts it."
            ) from None
        except TException as error:
            raise failure(str(getattr(error, "message", None) or error), "Hive's metastore refused") from None
        finally:
            transport.close()


def _if_any(call: Any) -> Any:
    """The result of a call; None if the object does not exist."""
    from impala._thrift_gen.hive_metastore.ttypes import (
        NoSuchObjectException,
        UnknownDBException,
        UnknownTableException,
    )

    try:
        return call()
    except (NoSuchObjectException, UnknownDBException, UnknownTableException):
        return None
