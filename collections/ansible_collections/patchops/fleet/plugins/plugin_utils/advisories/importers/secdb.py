# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alpine's security database: which version of a package fixed which CVEs. JSON, or the YAML that came before
it.

Version "0" means that the package never was affected.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import (
    Advisory,
    Affected,
    Record,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.checks import Checked, cves_in
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed

_RELEASE = re.compile(r"v?(\d+\.\d+|edge)")
_KEY = re.compile(r"(?P<key>[A-Za-z]+):(?: +(?P<value>.+))?")
_VERSION_KEY = re.compile(r"['\"]?(?P<version>[^\s'\"]+)['\"]?:")

Fixes = Iterable[tuple[str, str, list[str]]]


def read(feed: Feed) -> Iterator[Record]:
    """A record for each package, version and CVE, named by the CVE. A folder or an archive holds one file a
    release."""
    suffix = "" if not feed.path.is_dir() else ".json"
    for name, data in feed.documents(suffix):
        text = feed.text(data, name)
        if text.lstrip().startswith("{"):
            release, fixes = _json(Checked(feed.json(text, name), feed.name, name))
        elif "packages:" in text:
            release, fixes = _yaml(feed, name, text)
        else:
            raise FeedError(feed.name, name, "is no file of Alpine's security database")
        yield from _records(feed, name, release, fixes)


def _records(feed: Feed, place: str, release: str, fixes: Fixes) -> Iterator[Record]:
    match = _RELEASE.fullmatch(release)
    if not match:
        raise FeedError(feed.name, f"{place}.distroversion", f"not a release of Alpine: {release[:40]!r}")
    key = f"alpine:{match[1]}"
    for package, version, words in fixes:
        for cve in cves_in(*words):
            fix = (
                Affected(key, package, "not_affected")
                if version == "0"
                else Affected(key, package, "fixed", fixed=version)
            )
            url = f"https://security.alpinelinux.org/vuln/{cve}"
            yield Advisory(name=cve, title=f"{package}: {cve}", url=url, cves=(cve,), affected=(fix,))


def _json(document: Checked) -> tuple[str, Fixes]:
    return document.text("distroversion"), _json_fixes(document)


def _json_fixes(document: Checked) -> Fixes:
    for entry in document.objects("packages"):
        package = entry.object("pkg")
        fixes = package.object("secfixes")
        for version, words in fixes.value.items():
            if not isinstance(words, list):
                raise fixes.error(version, "a list", words)
            yield package.text("name"), version, [word for word in words if isinstance(word, str)]


def _yaml(feed: Feed, place: str, text: str) -> tuple[str, Fixes]:
    """The little of YAML that the database used: nested keys, and lists of words."""
    release, package, version = "", "", ""
    fixes: dict[tuple[str, str], list[str]] = {}
    in_fixes = False
    for number, line in enumerate(text.splitlines(), start=1):
        plain = line.strip().removeprefix("- ").strip()
        key = _KEY.fullmatch(plain)
        if key and key["key"] == "distroversion":
            release = (key["value"] or "").strip("'\"")
        elif key and key["key"] in ("pkg", "name", "secfixes"):
            in_fixes = key["key"] == "secfixes"
            package = _word(key["value"]) if key["key"] == "name" else package
        elif in_fixes and (found := _VERSION_KEY.fullmatch(plain)):
            version = found["version"]
        elif in_fixes and line.strip().startswith("- "):
            if not (package and version):
                raise FeedError(feed.name, f"{place} line {number}", "a fix without package or version")
            fixes.setdefault((package, version), []).append(plain)
    return release, [(name, fixed, words) for (name, fixed), words in fixes.items()]


def _word(value: Any) -> str:
    return str(value or "").strip("'\"")
