"""Creates or migrates Airflow's database, and the pool of heavy tasks. Runs in Airflow's environment."""

from airflow.models.pool import Pool
from airflow.utils import db

from footfall.workflows.names import HEAVY_POOL


def main() -> None:
    """Does nothing that is done already."""
    db.upgradedb()
    Pool.create_or_update_pool(
        name=HEAVY_POOL,
        slots=1,
        description="Tasks that take most of the machine's memory: one at a time.",
        include_deferred=False,
    )


if __name__ == "__main__":
    main()
