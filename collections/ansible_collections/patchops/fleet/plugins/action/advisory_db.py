# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring the advisory database up to date, on the controller."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_result
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.build import Expected
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.catalogue import (
    CATALOGUE,
    FeedSpec,
    default_name,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.database import (
    AdvisoryDatabase,
    DatabaseError,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.importers import KINDS
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.update import FeedResult, update

_FEED = {
    "name": {"type": "str"},
    "kind": {"type": "str", "choices": sorted(KINDS)},
    "location": {"type": "str"},
    "release": {"type": "str", "default": ""},
    "whole": {"type": "bool", "default": False},
}


class ActionModule(ActionBase):  # type: ignore[misc]
    """Runs once; connects to no host."""

    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        _spec, arguments = self.validate_argument_spec(
            {
                "database": {"type": "path", "required": True},
                "feeds": {"type": "list", "elements": "dict", "options": _FEED, "required": True},
                "force": {"type": "bool", "default": False},
                "allow_http": {"type": "bool", "default": False},
                "allow_shrink": {"type": "bool", "default": False},
            }
        )
        database = Path(arguments["database"])
        specs = [_spec_of(feed) for feed in arguments["feeds"]]
        try:
            with ExitStack() as stack:
                if self._task.check_mode:
                    database = _copy(database, Path(stack.enter_context(tempfile.TemporaryDirectory())))
                results = update(
                    database,
                    specs,
                    force=arguments["force"],
                    allow_http=arguments["allow_http"],
                    expected=Expected(may_shrink=arguments["allow_shrink"]),
                )
                sources = _sources(database)
        except DatabaseError as error:
            return make_result("bad_arguments", f"{error}.", "Name another file, or remove this one.")
        return _result(results, sources)


def _spec_of(feed: dict[str, Any]) -> FeedSpec:
    name, kind, location = feed["name"], feed["kind"], feed["location"]
    if kind and location:
        name = name or default_name(kind, location, feed["release"])
        return FeedSpec(name, kind, location, feed["release"], whole=feed["whole"])
    if name in CATALOGUE and not kind and not location:
        return CATALOGUE[name]
    raise AnsibleActionFail(
        f"feeds: {name or kind or location!r} is no feed: give kind and location,"
        f" or one of the known names alone: {', '.join(sorted(CATALOGUE))}"
    )


def _copy(database: Path, folder: Path) -> Path:
    copy = folder / "advisories.sqlite3"
    if database.exists():
        shutil.copyfile(database, copy)
    return copy


def _sources(database: Path) -> list[dict[str, Any]]:
    if not database.exists():
        return []
    with AdvisoryDatabase.open(database) as opened:
        return [asdict(source) for source in opened.sources()]


def _result(results: list[FeedResult], sources: list[dict[str, Any]]) -> dict[str, Any]:
    failed = [one for one in results if one.state == "failed"]
    updated = [one for one in results if one.state == "updated"]
    if failed:
        problems = "; ".join(one.problem for one in failed)
        result = make_result(
            "document_invalid",
            f"{len(failed)} of {len(results)} feeds could not be imported: {problems}.",
            "Their former content is still in use. Correct the feed, or its address.",
        )
    elif updated:
        result = make_result(
            "done", f"{len(updated)} feeds were updated, {len(results) - len(updated)} had not changed."
        )
    else:
        result = make_result("nothing_to_do", f"None of {len(results)} feeds had changed.")
    return {**result, "changed": bool(updated), "feeds": [asdict(one) for one in results], "sources": sources}
