"""The JVM options that daemons, clients and containers share."""

from typing import Final

# On small heaps the serial collector costs least, and its pauses are short. A process that runs out of memory exits.
COMMON: Final = (
    "-XX:+UseSerialGC",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    "-Djava.net.preferIPv4Stack=true",
    "-Dfile.encoding=UTF-8",
    "-Duser.language=en",
)
# For processes that do little and must start fast: C2 compilation would never pay off.
QUICK: Final = ("-XX:TieredStopAtLevel=1",)
# Since Java 16, reflection in Hadoop and HBase needs these packages opened.
OPEN: Final = tuple(
    f"--add-opens=java.base/{package}=ALL-UNNAMED"
    for package in (
        "java.io",
        "java.lang",
        "java.lang.reflect",
        "java.net",
        "java.nio",
        "java.util",
        "java.util.concurrent",
        "jdk.internal.ref",
        "sun.nio.ch",
    )
)
