"""The behaviour of people on one site, read from `behaviours/APP.yaml` and checked once, with a sentence per fault."""

import random
import re
from collections.abc import Callable
from functools import cached_property, lru_cache
from itertools import accumulate
from math import log
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from footfall.errors import FootfallError

LEAVE: Final = "leave"
ERROR: Final = "error"
FOLDER: Final = Path(__file__).parent / "behaviours"


class BehaviourError(FootfallError):
    """A behaviour file is missing or wrong; the message is one sentence for its author."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LogNormal(_Part):
    """A log-normal duration: its median, the standard deviation `sigma` of its logarithm, and its maximum `most`."""

    median: float = Field(gt=0)
    sigma: float = Field(gt=0, le=2)
    most: float = Field(gt=0)

    def draw(self, rng: random.Random) -> float:
        """One duration, in the unit of `median`."""
        return min(self.most, rng.lognormvariate(log(self.median), self.sigma))


class VisitShape(_Part):
    """Parameters of every visit; shares are shares of page views unless described otherwise."""

    only_page_share: float = Field(ge=0, le=1, description="share of visits that end on their first page")
    dwell_s: LogNormal
    only_page_dwell_s: LogNormal
    attention: float = Field(gt=0, le=1, description="share of a dwell in which the page is visible and focused")
    second_tab_share: float = Field(ge=0, le=0.5)
    reload_share: float = Field(ge=0, le=0.5)
    broken_link_share: float = Field(ge=0, le=0.5)
    most_pages: int = Field(ge=2, le=500)


class Return(_Part):
    """One habit of returning: `share` of visits are followed by another one after about `hours`."""

    share: float = Field(ge=0, le=1)
    hours: LogNormal


class Source(_Part):
    """An origin of visits: a referrer, a campaign, both, or (if empty) a typed address."""

    weight: float = Field(gt=0)
    referrer: str | None = None
    utm: dict[str, str] = Field(default_factory=dict)

    @field_validator("utm")
    @classmethod
    def _known(cls, utm: dict[str, str]) -> dict[str, str]:
        wrong = set(utm) - {"source", "medium", "campaign", "term", "content"}
        if wrong:
            raise ValueError(f"utm has no parameter {', '.join(sorted(wrong))}")
        return utm

    @property
    def query(self) -> str:
        """The query that the campaign adds to the first address, `?` included; plain values need no escaping."""
        return "?" + "&".join(f"utm_{key}={value}" for key, value in self.utm.items()) if self.utm else ""


class Entry(_Part):
    """A page on which visits begin: its state, and an address built from one of `values`, the popular ones first."""

    weight: float = Field(gt=0)
    state: str
    path: str
    values: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _placeholder(self) -> "Entry":
        if ("{}" in self.path) != bool(self.values):
            raise ValueError(f"the entry {self.path} needs {{}} in its path exactly when it has values")
        return self


class Form(_Part):
    """A form that people submit; it is recognised by the path it is sent to."""

    action: str
    leads_to: str = Field(description="state of the page that follows; used only by the simulation without sites")
    fill: dict[str, tuple[str, ...]] = Field(default_factory=dict, description="values of a field; one is drawn")
    needs_login: bool = False
    only_logged_out: bool = False
    conversion: bool = False


class State(_Part):
    """One kind of page: the pattern of its paths, and how often people go on from it to each other state or form."""

    path: str
    members_factor: float = Field(1.0, gt=0, description="factor of this state for people who could log in now")
    to: dict[str, float]

    @field_validator("path")
    @classmethod
    def _pattern(cls, path: str) -> str:
        re.compile(path)
        return path


class Bots(_Part):
    """Crawlers in addition to the people: their interval, agents, mean pages a visit, and seconds between pages."""

    every_minutes: float = Field(gt=0)
    agents: tuple[str, ...] = Field(min_length=1)
    pages: int = Field(ge=1, le=200)
    seconds_between: float = Field(gt=0)


class Behaviour(_Part):
    """The content of one site's behaviour file."""

    app: str
    visit: VisitShape
    returns: tuple[Return, ...]
    zipf: float = Field(ge=0, le=2, description="exponent of the popularity of items by rank")
    sources: tuple[Source, ...] = Field(min_length=1)
    entries: tuple[Entry, ...] = Field(min_length=1)
    states: dict[str, State]
    forms: dict[str, Form] = Field(default_factory=dict)
    goal: tuple[str, ...] = Field((), description="states and forms on the way to a conversion")
    search_terms: tuple[str, ...] = Field(min_length=1)
    bots: Bots

    @model_validator(mode="after")
    def _names_exist(self) -> "Behaviour":
        known = {*self.states, *self.forms, LEAVE}
        if self.states.keys() & self.forms.keys():
            raise ValueError("a state and a form share a name")
        for name, state in self.states.items():
            unknown = state.to.keys() - known
            if unknown:
                raise ValueError(f"state {name} goes on to {', '.join(sorted(unknown))}, which is no state or form")
            if LEAVE not in state.to:
                raise ValueError(f"state {name} gives no weight to leave, so visits might never end")
            if min(state.to.values()) < 0 or sum(state.to.values()) <= 0:
                raise ValueError(f"state {name} needs weights of 0 or more, not all 0")
        for place, state_name in (
            *((f"entry {entry.path}", entry.state) for entry in self.entries),
            *((f"form {name}", form.leads_to) for name, form in self.forms.items()),
        ):
            if state_name not in self.states:
                raise ValueError(f"{place} names the state {state_name}, which does not exist")
        if unknown := set(self.goal) - known:
            raise ValueError(f"goal names {', '.join(sorted(unknown))}, which is no state or form")
        if ERROR not in self.states:
            raise ValueError("the state error is missing: some pages will fail")
        if sum(habit.share for habit in self.returns) > 0.6:
            raise ValueError("the shares of returns exceed 0.6 in total; for the most loyal people they would exceed 1")
        return self

    @cached_property
    def source_weights(self) -> tuple[float, ...]:
        """Cumulative weights of `sources`."""
        return tuple(accumulate(source.weight for source in self.sources))

    @cached_property
    def entry_weights(self) -> tuple[float, ...]:
        """Cumulative weights of `entries`."""
        return tuple(accumulate(entry.weight for entry in self.entries))

    @cached_property
    def patterns(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        """The name and the compiled path pattern of each state, in the file's order; the first match wins."""
        return tuple((name, re.compile(state.path)) for name, state in self.states.items())

    @cached_property
    def state_of(self) -> Callable[[str], str | None]:
        """Returns the state whose pattern matches the whole of a path (without query), or None."""

        def look(path: str) -> str | None:
            return next((name for name, pattern in self.patterns if pattern.fullmatch(path)), None)

        # A page has some fifty links, and most pages link to the same ones.
        return lru_cache(maxsize=8192)(look)


@lru_cache(maxsize=8)
def load_behaviour(app: str) -> Behaviour:
    """Reads and checks the file of `app`.

    Raises BehaviourError with a sentence that names the file and each fault.
    """
    path = FOLDER / f"{app}.yaml"
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise BehaviourError(f"The behaviour file {path.name} cannot be read: {error}.") from None
    return check_behaviour(content, path.name)


def check_behaviour(content: Any, name: str) -> Behaviour:
    """Checks a parsed file. name: for the sentence of BehaviourError."""
    try:
        return Behaviour.model_validate(content)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors())
        raise BehaviourError(f"The behaviour file {name} is wrong: {faults}.") from None
