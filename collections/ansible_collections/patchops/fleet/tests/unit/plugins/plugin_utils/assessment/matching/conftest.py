# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.build import Expected, import_feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.database import AdvisoryDatabase
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching import Matcher

NOW = datetime(2026, 8, 22, 12, tzinfo=timezone.utc)


class Feeds:
    """Builds an advisory database from texts, and matchers on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "advisories.sqlite3"
        self._open: list[AdvisoryDatabase] = []

    def add(self, kind: str, text: str, name: str = "", release: str = "", whole: bool = False) -> Feeds:
        """whole: it speaks of all packages of its releases, although it is a single document."""
        feed = self.folder / (name or kind)
        feed.write_text(text, encoding="utf-8")
        dated = Expected(as_of="2026-08-21", may_shrink=True, whole=whole, sha256=Feed(feed).digest()[0])
        import_feed(self.path, kind, Feed(feed, release=release), name=name or kind, now=NOW, expected=dated)
        return self

    def dsa(self, *advisories: tuple[str, str, str, list[str]]) -> Feeds:
        """Debian advisories for bookworm: name, source package, fixed version, CVEs."""
        lines = [
            {
                "id": name,
                "date": "2026-08-21",
                "package": source,
                "title": "security update",
                "cves": cves,
                "fixed": [["bookworm", source, fixed]],
            }
            for name, source, fixed, cves in advisories
        ]
        return self.add("jsonl", "\n".join(map(json.dumps, lines)), "debian")

    def matcher(self, now: datetime = NOW) -> Matcher:
        self._open.append(AdvisoryDatabase.open(self.path))
        return Matcher(self._open[-1], now=now)

    def close(self) -> None:
        for database in self._open:
            database.close()


@pytest.fixture
def feeds(tmp_path: Path) -> Iterator[Feeds]:
    built = Feeds(tmp_path)
    yield built
    built.close()


@pytest.fixture
def package() -> Callable[..., dict[str, Any]]:
    """A package of a Debian host; its source and source version are its own unless told."""

    def _package(name: str, version: str, **more: Any) -> dict[str, Any]:
        return {
            "name": name,
            "version": version,
            "arch": "amd64",
            "source": name,
            "source_version": version,
            "origin": "Debian",
            "suite": "stable-security",
            "manual": False,
            **more,
        }

    return _package


@pytest.fixture
def debian() -> Callable[..., dict[str, Any]]:
    """A Debian 12 host of which everything is known, with these packages."""

    def _debian(*packages: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {
            "kind": "patchops.host",
            "schema": 1,
            "host": "web1",
            "os": {
                "id": "debian",
                "version_id": "12",
                "codename": "bookworm",
                "support": {"status": "lts"},
            },
            "machine": {"virtualization": {"kind": "vm"}},
            "kernel": {
                "running": "6.1.0-40-amd64",
                "running_build": None,
                "installed": [],
                "default_boot": None,
            },
            "security_source": {"status": "ok", "reason": None, "repositories": ["security"]},
            "refresh": {"ok": True, "errors": []},
            "repositories": [{"suite": "stable-security", "date": "2026-08-21T10:00:00Z"}],
            "broken": {"interrupted": False, "packages": [], "reason": None},
            "packages": list(packages),
            "updates": [],
            "reboot": {"required": False, "reasons": []},
            "restarts": [],
            **more,
        }

    return _debian
