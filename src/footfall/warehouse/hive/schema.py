"""Brings the warehouse's database in Hive to its current form: numbered migrations, then tables and views."""

from collections.abc import Sequence
from typing import Final

from footfall.hdfs import Hdfs
from footfall.hive import Hive
from footfall.hive.login import SCHEMA
from footfall.hive.metastore import Metastore
from footfall.settings import Settings
from footfall.warehouse import profiles
from footfall.warehouse.hive import ddl, migration_files
from footfall.warehouse.hive.ddl import AnyTable
from footfall.warehouse.tables import DATABASE, TABLES

ALL: Final[tuple[AnyTable, ...]] = (*TABLES, *profiles.TABLES)
# Nothing is stored in it: all tables are external.
_MANAGED: Final = f"/warehouse/managed/{DATABASE}.db"
_TABLES_KEY: Final = "footfall.tables"


def migrate(settings: Settings, tables: Sequence[AnyTable]) -> bool:
    """Applies what is missing; returns whether something was. It asks only the metastore if nothing is.

    It can be interrupted and repeated. Raises HiveUnavailable, HdfsUnavailable, MigrationChanged and ColumnsChanged.
    """
    metastore = Metastore(settings)
    properties = metastore.properties(DATABASE)
    if properties is None:
        # Hive creates a database's folder first. Of a killed attempt it would refuse the folder ever after.
        Hdfs(settings).delete(_MANAGED)
        properties = {}
    missing = migration_files.pending(migration_files.load(), properties)
    digest = ddl.digest(tables)
    if not missing and properties.get(_TABLES_KEY) == digest:
        return False
    with Hive(settings, database="default", login=SCHEMA) as hive:
        for migration in missing:
            for statement in migration.statements:
                hive.run(statement)
            metastore.set_properties(DATABASE, {migration.key: migration.digest})
        for table in tables:
            present = metastore.columns(DATABASE, ddl.runs(table))
            if present is None:
                hive.run(ddl.create_table(table))
            elif (addition := ddl.add_columns(table, present)) is not None:
                hive.run(addition)
            hive.run(ddl.create_view(table))
    metastore.set_properties(DATABASE, {_TABLES_KEY: digest})
    return True
