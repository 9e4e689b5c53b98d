"""One module an engine, and in it everything about its services: command, ports, preparation, health, stop, sweeps.

Each offers `SERVICES`. They load fast: what is heavy, and every other station, is imported in the function that needs
it.
"""

# All modules; a new engine is one line here. What a service needs comes before it, and `down` takes the reverse order.
ENGINES: tuple[str, ...] = (
    "zookeeper",
    "kafka",
    "hdfs",
    "flume",
    "hbase",
    "storm",
    "yarn",
    "spark",
    "sites",
    "visitors",
    "dashboard",
    "watchdog",
)
