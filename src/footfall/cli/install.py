"""`./footfall install`: installs what the services need, and starts nothing. The cluster's image is made with it."""

from typing import Annotated

import typer

from footfall.cli.output import check_known, stdout
from footfall.cluster.installation import install as installation
from footfall.cluster.services import PROFILES, with_needs
from footfall.settings import load_settings


def install(
    profile: Annotated[str, typer.Argument(help=f"Set of services: {', '.join(PROFILES)}.")] = "full",
) -> None:
    """Install Java, the jars of the engines, and all else that the services need. `up` does this, too."""
    check_known("profile", profile, PROFILES)
    settings = load_settings()
    installation.ensure(settings, with_needs(PROFILES[profile]))
    stdout.print(f"Everything is installed in {settings.install}.", markup=False, soft_wrap=True)
