"""One module per engine, with everything about its services: command, ports, preparation, probe, stop and sweeps.

Each module defines `SERVICES`. The modules must load fast, so a function imports heavy libraries and other packages
only when it is called.
"""

# All modules. A new engine is one line here. A service comes after those it needs; `down` uses the reverse order.
ENGINES: tuple[str, ...] = (
    "zookeeper",
    "kafka",
    "hdfs",
    "flume",
    "hbase",
    "storm",
    "yarn",
    "spark",
    "postgres",
    "hive",
    "airflow",
    "sites",
    "visitors",
    "dashboard",
    "watchdog",
)
