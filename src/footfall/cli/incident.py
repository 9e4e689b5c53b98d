"""`footfall incident`: make the simulated world misbehave, to see what the figures and alerts say of it."""

from typing import Annotated

import typer

from footfall.cli.output import check_known, fail, print_json, stdout, wrong_use
from footfall.cluster.supervision import lifecycle
from footfall.events.times import format_rfc3339_ms
from footfall.settings import load_settings
from footfall.site_registry import DEMO_SITES
from footfall.sites import incidents

# What a share means, and how much of it is enough to be seen.
_MEANING = {
    "errors": ("of the requests for pages fail with status 500", 0.25),
    "slow": ("of the requests for pages take seconds", 0.4),
    "drop": ("of the visitors stay away", 0.9),
    "bots": ("of the visitors' number come as crawlers besides", 1.0),
    "malformed": ("of the events that visitors send are malformed", 0.3),
}


def incident(
    kind: Annotated[str, typer.Argument(help="errors, slow, drop, bots or malformed")],
    app: Annotated[
        str | None, typer.Option("--app", help=f"one of {', '.join(DEMO_SITES)}; all of them if not given")
    ] = None,
    seconds: Annotated[float, typer.Option("--for", help="how long, in seconds; 0 ends the one that lasts")] = 120.0,
    share: Annotated[float | None, typer.Option("--share", help="how much of it all is concerned, up to 1")] = None,
    json: Annotated[bool, typer.Option("--json", help="as one JSON document")] = False,
) -> None:
    """Makes the sites and their visitors misbehave for a while."""
    check_known("incident", kind, incidents.KINDS)
    check_known("app", app, DEMO_SITES)
    meaning, usual = _MEANING[kind]
    settings = load_settings()
    apps = DEMO_SITES if app is None else (app,)
    stopped = [f"site-{name}" for name in apps if f"site-{name}" not in lifecycle.wanted(settings)]
    if stopped and seconds != 0:
        fail(f"{', '.join(stopped)} would not notice: not running; start with `./footfall up`.")
    try:
        begun = [incidents.begin(settings, name, kind, seconds, usual if share is None else share) for name in apps]
    except ValueError as error:
        wrong_use(str(error))
    if json:
        print_json(
            [
                {"kind": i.kind, "app_id": i.app, "until_at": format_rfc3339_ms(i.until_ms), "share": i.share}
                for i in begun
            ]
        )
        return
    for one in begun:
        if seconds == 0:
            stdout.print(f"{one.app}: the incident {kind} is over.", markup=False)
        else:
            until = format_rfc3339_ms(one.until_ms)[11:19]
            stdout.print(f"{one.app}: until {until} UTC {one.share:.0%} {meaning}.", markup=False)
