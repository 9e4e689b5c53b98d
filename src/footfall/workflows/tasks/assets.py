"""What one workflow makes and another one waits for."""

from typing import Final

from airflow.sdk import Asset

from footfall.workflows.names import DAY_ASSET

DAY: Final = Asset(name=DAY_ASSET, uri="footfall://day")
