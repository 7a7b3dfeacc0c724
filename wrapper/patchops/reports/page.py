# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as one HTML page that needs nothing else: no network, no script, no font."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

import patchops
from patchops.reports.answers import answer, why
from patchops.reports.model import Report
from patchops.text import plain

_OPEN_UP_TO = 12
# Beyond that a table of a large fleet would be mostly names; the JSON document has them all.
_MOST_NAMES = 20


def render_page(report: Report) -> str:
    """The page of `report`. Everything in it is escaped: host names and messages are not trusted."""
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            answers=answer(report),
            version=patchops.__version__,
            duration=_duration(report),
            most_names=_MOST_NAMES,
            open_details=len(report.hosts) <= _OPEN_UP_TO,
        )
    )


def write_page(report: Report, path: Path) -> None:
    """Put the page at `path`, readable by its owner alone."""
    path.touch(mode=0o600)
    path.write_text(render_page(report), encoding="utf-8")


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("patchops.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: Mapping[str, object] = {"plain": plain, "moment": _moment, "why": why}
    environment.filters.update(filters)
    return environment


def _parse(text: str) -> datetime.datetime | None:
    try:
        return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.UTC)
    except ValueError:
        return None


def _moment(text: str) -> str:
    """`2026-11-22T09:57:00Z` as `2026-11-22 09:57 UTC`; anything else stays as it is."""
    moment = _parse(text)
    return plain(text) if moment is None else moment.strftime("%Y-%m-%d %H:%M UTC")


def _duration(report: Report) -> str:
    started, finished = _parse(report.started_at), _parse(report.finished_at)
    if started is None or finished is None:
        return ""
    minutes, seconds = divmod(int((finished - started).total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
