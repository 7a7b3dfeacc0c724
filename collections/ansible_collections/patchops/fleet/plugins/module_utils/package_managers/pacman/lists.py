# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our own copy of what the repositories offer.

pacman's own lists are left as they are: whoever refreshes them and then installs one package has a host that
is upgraded in part, which Arch doesn't support.
"""

import os
import shutil
import time
from typing import Any, Dict, List, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.files import write_file
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman import view
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.configuration import (
    Configuration,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.databases import (
    Package,
    read_offered,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.uris import without_credentials
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.lock import Lock, LockTimeout
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.paths import ROOT

_PLACE = os.path.join(ROOT, "pacman")
_STAMP = os.path.join(_PLACE, "refreshed")
_LOCK_PATIENCE = 60
_TIME_LIMIT = 900


def directory(configuration: Configuration) -> str:
    """Return where the newest lists are: ours, brought up to date from pacman's own; pacman's for others than
    root."""
    theirs = os.path.join(configuration.database, "sync")
    if os.geteuid() != 0:
        return theirs
    ours = os.path.join(_PLACE, "sync")
    os.makedirs(ours, exist_ok=True)
    # pacman downloads as another user on some hosts, and asks for a list only when it is newer.
    for path in (ROOT, _PLACE, ours):
        os.chmod(path, 0o700)
    for name in _files(configuration):
        known, own = os.path.join(theirs, name), os.path.join(ours, name)
        if os.path.exists(known) and (
            not os.path.exists(own) or os.stat(own).st_mtime < os.stat(known).st_mtime
        ):
            shutil.copy2(known, own)
    return ours


def refresh(configuration: Configuration) -> List[Dict[str, Any]]:
    """Fetch the lists anew. Return [{repository, message}], empty when every repository was read."""
    if os.geteuid() != 0:
        raise DriverError("not_root", "pacman lets root alone read repositories anew.", "Set become: true.")
    place = directory(configuration)
    try:
        with Lock(os.path.join(_PLACE, "lock"), _LOCK_PATIENCE):
            problem = _refresh(configuration, place, "")
            if problem is None:
                write_file(_STAMP, b"")
                return []
            # Which one of them it was, pacman tells only when it is asked for each alone.
            problems = {
                one["id"]: _refresh(configuration, place, one["id"]) for one in configuration.repositories
            }
    except LockTimeout:
        raise DriverError("lock_held", "Another call of ours reads the repositories.", "Call again later.")
    found = [{"repository": name, "message": text} for name, text in problems.items() if text is not None]
    return found or [{"repository": None, "message": problem}]


def _refresh(configuration: Configuration, place: str, only: str) -> Optional[str]:
    """Fetch all lists, or that of the repository `only`; return what was wrong."""
    with view.View(configuration.for_reading(only), lists=place) as asked:
        result = asked.run(["-Sy"], timeout=_TIME_LIMIT)
        if result.rc == 0:
            # An index that is not signed as it should be shows when it is read.
            result = asked.run(["-Sl"])
        return None if result.rc == 0 else complaint(result)


def complaint(result: Any) -> str:
    """Return why a repository can't be used, in the words of who reads repositories. Pure."""
    text = without_credentials(view.described(view.errors(result)))
    if ".db.sig'" in text:
        text = "it is not signed: " + text
    return text


def read(configuration: Configuration) -> Dict[str, List[Package]]:
    """Return the packages of each repository, but of those that were never read; raises DriverError."""
    place = directory(configuration)
    paths = {one["id"]: os.path.join(place, one["id"] + ".db") for one in configuration.repositories}
    return {name: read_offered(path, name) for name, path in paths.items() if os.path.exists(path)}


def never_read(configuration: Configuration) -> List[str]:
    """Return the repositories whose list is not on the host."""
    place = directory(configuration)
    names = [one["id"] for one in configuration.repositories]
    return [name for name in names if not os.path.exists(os.path.join(place, name + ".db"))]


def problems(configuration: Configuration) -> Dict[str, str]:
    """Return why repositories can't be used now, by id."""
    never = never_read(configuration)
    if never:
        return dict.fromkeys(never, "it was never read: its list is not on the host")
    place = directory(configuration)
    with view.View(configuration.for_reading(), lists=place) as asked:
        result = asked.run(["-Sl"])
    if result.rc == 0:
        return {}
    text = complaint(result)
    named = {one["id"]: text for one in configuration.repositories if f"'{one['id']}'" in text}
    return named or {one["id"]: text for one in configuration.repositories}


def published_at(configuration: Configuration, repository: str) -> Optional[float]:
    """Return when the repository was made, None when its list is not on the host: pacman keeps that time."""
    try:
        return os.stat(os.path.join(directory(configuration), repository + ".db")).st_mtime
    except OSError:
        return None


def read_seconds_ago(configuration: Configuration) -> Optional[int]:
    """Return how long ago the repositories were read with success, None when it can't be told."""
    times = []
    # The directory changes with each list that is new.
    for path in (_STAMP, os.path.join(configuration.database, "sync")):
        try:
            times.append(os.stat(path).st_mtime)
        except OSError:
            continue
    return max(0, int(time.time() - max(times))) if times else None


def _files(configuration: Configuration) -> List[str]:
    return [one["id"] + ending for one in configuration.repositories for ending in (".db", ".db.sig")]
