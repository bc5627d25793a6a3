"""What a service is made of, in plain values: its routes, its reads and its settings."""

from __future__ import annotations

import asyncio
import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fastgres.errors import ConfigurationError
from fastgres.settings import (
    MASK,
    Project,
    Settings,
    describe_settings,
    load_settings,
    mask_credentials,
    names_secret,
    settings_table,
)

if TYPE_CHECKING:
    from fastgres.dev import RouteRead, RouteReads


def list_routes() -> list[dict[str, Any]]:
    """Return the routes of the project's application in the order they are tried."""
    from fastgres.dev import Workplace
    from fastgres.dev import list_routes as routes_of

    return [asdict(row) for row in routes_of(Workplace.here().make_application())]


def list_reads() -> list[dict[str, Any]]:
    """Return what the routes of the project's application read."""
    from fastgres.dev import Workplace
    from fastgres.dev import list_reads as reads_of

    return [_route(each, "") for each in reads_of(Workplace.here().make_application())]


def explain_route(wanted: str, *, analyze: bool) -> dict[str, Any]:
    """Return what one route reads, with PostgreSQL's plan of each read if it is to `analyze`."""
    from fastgres.dev import Workplace, analyze_read, find_reads

    workplace = Workplace.here()
    route, query_string = find_reads(workplace.make_application(), wanted)
    found = _route(route, query_string)
    if analyze:
        with workplace.address() as url:
            for number, read in enumerate(route.reads):
                told = read.explain(query_string)
                analysis = asyncio.run(analyze_read(workplace, url, told))
                found["reads"][number] |= asdict(analysis)
    return found


def _route(found: RouteReads, query_string: str) -> dict[str, Any]:
    return {
        "path": found.route.path,
        "methods": list(found.route.methods),
        "name": found.route.name,
        "answered": found.answered,
        "kind": found.kind,
        "statements": found.statements,
        "hint": found.hint,
        "reads": [_read(read, query_string) for read in found.reads],
    }


def _read(read: RouteRead, query_string: str) -> dict[str, Any]:
    told = read.explain(query_string)
    return {
        "call": read.call,
        "kind": told.kind,
        "statements": told.statements,
        "reasons": [{"field": each.field, "why": each.why} for each in told.reasons],
        "unguarded": [{"field": each.field, "why": each.why} for each in told.unguarded],
        "unshown": list(read.unshown),
        "sql": None if told.sql is None else told.pretty(),
    }


def list_settings() -> list[dict[str, Any]]:
    """Return the settings in force, each with its source; secrets masked."""
    project = Project.find()
    settings = load_settings(project.load("settings"))
    return [
        {
            "name": row.name,
            "variable": row.variable,
            "type": row.type,
            "default": row.default or None,
            "value": _value(settings, row.name, secret=row.secret),
            "shown": _shown(_value(settings, row.name, secret=row.secret)),
            "source": _source(settings, row.variable),
            "secret": row.secret,
            "description": row.description,
        }
        for row in describe_settings(type(settings))
    ]


def _value(settings: Settings, name: str, *, secret: bool) -> Any:
    value = settings.model_dump(mode="json", include={name})[name]
    if value is None or isinstance(value, bool | int | float):
        return value
    if secret or names_secret(name):
        return MASK
    return mask_credentials(value) if isinstance(value, str) else value


def _shown(value: Any) -> str:
    match value:
        case None:
            return "unset"
        case list():
            return ",".join(map(str, value)) or "none"
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def _source(settings: Settings, variable: str) -> str:
    if variable.lower() not in settings.model_fields_set:
        return "default"
    named = {name.upper() for name, value in os.environ.items() if value}
    return "environment" if variable in named else ".env"


def reference_of_settings() -> str:
    """Return the Markdown table of the project's settings, of fastgres' own outside of one."""
    try:
        project = Project.find()
    except ConfigurationError:
        return settings_table(Settings)
    return settings_table(project.load("settings"))
