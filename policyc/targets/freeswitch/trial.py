"""A policy in, the configuration of a self-contained trial out: a FreeSWITCH that runs `policyc.xml` alone."""

import re
from collections.abc import Mapping
from importlib.resources import files as package
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment

from policyc.model import Policy
from policyc.targets.freeswitch.dialect import text


def configuration(policy: Policy, settings: Mapping[str, Any], environment: Environment) -> str:
    """Return the text of `freeswitch.xml`, which includes the dialplan that stands beside it."""
    extensions = sorted(policy.extensions.values(), key=lambda one: one.number)
    systems = sorted(policy.systems.values(), key=lambda one: one.number)
    template = environment.get_template("freeswitch.xml.j2")
    return template.render(
        policy=text(policy.name),
        settings=settings,
        groups=[
            (start, [(one.number, text(one.name), one.mailbox) for one in some])
            for start, some in groupby(extensions, key=lambda one: one.number[:-2] + "xx")
        ],
        systems=[(one.number, text(one.name)) for one in systems],
        zone=policy.zone.key,
        zone_rule=posix_rule(policy.zone),
    )


def posix_rule(zone: ZoneInfo) -> str:
    """Return the rule of a zone for the years to come, as POSIX writes it: `CET-1CEST,M3.5.0,M10.5.0/3`.

    It is the last line of the zone's file (RFC 8536, section 3.3), and what FreeSWITCH knows zones by. Names in angle
    brackets (`<+04>-4`) are replaced, as in FreeSWITCH's own list: it would silently take such a zone for UTC.
    """
    data = package("tzdata").joinpath("zoneinfo", *zone.key.split("/")).read_bytes()
    rule = data.rsplit(b"\n", 2)[-2].decode("ascii")
    names = iter(("STD", "DST"))
    return re.sub(r"<[^>]*>", lambda _: next(names), rule)
