"""`./footfall incident`: simulates an incident, to see how figures and alerts react."""

from typing import Annotated

import typer

from footfall.cli.output import check_known, fail, print_json, stdout, wrong_use
from footfall.cluster.engines.sites import demo_is_off
from footfall.cluster.supervision import lifecycle
from footfall.events.times import format_rfc3339_ms
from footfall.settings import load_settings
from footfall.site_registry import DEMO_SITES
from footfall.sites import incidents

# By kind: what the share applies to, and a default share that is large enough to show in the figures.
_MEANING = {
    "errors": ("of page requests fail with status 500", 0.25),
    "slow": ("of page requests take several seconds", 0.4),
    "drop": ("of the visitors stay away", 0.9),
    "bots": ("of the visitor count arrive as additional crawlers", 1.0),
    "malformed": ("of the events that visitors send are malformed", 0.3),
}


def incident(
    kind: Annotated[str, typer.Argument(help="Kind of incident: errors, slow, drop, bots or malformed.")],
    app: Annotated[
        str | None, typer.Option("--app", help=f"Site: {', '.join(DEMO_SITES)}. Default: all of them.")
    ] = None,
    seconds: Annotated[float, typer.Option("--for", help="Duration in seconds; 0 ends the current incident.")] = 120.0,
    share: Annotated[
        float | None,
        typer.Option("--share", help="Share of requests, visitors or events affected, above 0 and up to 1."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Simulate an incident on the sites for a limited time."""
    check_known("incident", kind, incidents.KINDS)
    check_known("app", app, DEMO_SITES)
    meaning, default_share = _MEANING[kind]
    settings = load_settings()
    apps = DEMO_SITES if app is None else (app,)
    stopped = [f"site-{name}" for name in apps if f"site-{name}" not in lifecycle.requested(settings)]
    if reason := demo_is_off(settings):
        fail(f"Incidents happen on the demo sites only, and {reason}.")
    if stopped and seconds != 0:
        fail(f"{', '.join(stopped)} must run for this. Start Footfall with `./footfall up`.")
    try:
        begun = [
            incidents.begin(settings, name, kind, seconds, default_share if share is None else share) for name in apps
        ]
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
            stdout.print(f"{one.app}: the incident `{kind}` has ended.", markup=False)
        else:
            until = format_rfc3339_ms(one.until_ms)[11:19]
            stdout.print(f"{one.app}: until {until} UTC, {one.share:.0%} {meaning}.", markup=False)
