# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Download packages, install exactly the given files, and set why packages are there."""

import errno
import os
import shutil
from typing import Any, Dict, List, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.shape import document
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf.in_dnf import (
    changes,
    describing,
    keys,
    opening,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.errors import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf import (
    rpm_packages,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf.signatures import (
    Keyrings,
)

try:
    import dnf.callback
    import dnf.exceptions
    import dnf.yum.rpmtrans
    import hawkey
    import libdnf.transaction
except ImportError:
    dnf = None  # see opening.py


def download(opened: opening.Opened, packages: List[Dict[str, str]], directory: str) -> List[Dict[str, Any]]:
    """Fetch packages (name, arch, version, file) into `directory`, each under the name `file`.

    Return [{file, error, sha256}]: error None when it is there; sha256 what the metadata says, None when no
    repository has the package.
    """
    base = opened.base
    base.conf.destdir = os.path.join(directory, ".partial")
    offers = [_offer(base, wanted) for wanted in packages]
    known = [offer for offer in offers if offer is not None]
    together = _fetch(base, known)
    full = _full_places(known) if together is not None else []
    found = []
    with Keyrings() as keyrings:
        for place, wanted in enumerate(packages):
            offer = offers[place]
            problem: Optional[str] = "no repository has it"
            if offer is not None:
                problem = None if together is None else _fetch(base, [offer])
                if problem is not None and full:
                    problem = f"{os.strerror(errno.ENOSPC)} in {', '.join(full)} ({problem})"
                problem = problem or _take(base, offer, os.path.join(directory, wanted["file"]), keyrings)
            found.append(
                {
                    "file": wanted["file"],
                    "error": problem,
                    "sha256": describing.sha256_of(offer) if offer is not None else None,
                }
            )
    shutil.rmtree(base.conf.destdir, ignore_errors=True)
    return found


def simulate(files: List[str], removals: List[str]) -> List[Dict[str, Any]]:
    """Return what installing `files` would change."""
    with opening.without_repositories() as base:
        _mark(base, files, removals)
        found: List[Dict[str, Any]] = document(changes.resolve(base, bool(removals)))
        return found


def install(files: List[str], removals: List[str]) -> Dict[str, Any]:
    """Install `files` and remove `removals` (name-version-release.arch) in one transaction.

    Return {complaints}: what scripts of packages got wrong, which rpm itself does not count as a failure.
    Raises DriverError, and dnf's errors; packages may then be in any state.
    """
    with opening.without_repositories() as base:
        _mark(base, files, removals)
        changes.resolve(base, bool(removals))
        if not base.transaction:
            return {"complaints": []}
        # What `dnf history` shows as the command line.
        base.args = ["patchops"]
        display = _display()
        base.do_transaction(display)
        failed = [
            f"{one.pkg}: {one.action_name} failed"
            for one in base.transaction
            if one.state == libdnf.transaction.TransactionItemState_ERROR
        ]
        return {"complaints": display.complaints + failed}


def set_reasons(automatic: List[str], manual: List[str]) -> List[str]:
    """Make packages (``name:arch``) automatic or manual ones; return those whose reason changed."""
    wanted = dict.fromkeys(automatic, False)
    wanted.update(dict.fromkeys(manual, True))
    changed = []
    with opening.without_repositories() as base:
        for package in opening.installed(base):
            key = f"{package.name}:{package.arch}"
            if key not in wanted or rpm_packages.is_manual(package.reason) == wanted[key]:
                continue
            kind = "USER" if wanted[key] else "DEPENDENCY"
            base.history.set_reason(package, getattr(libdnf.transaction, f"TransactionItemReason_{kind}"))
            changed.append(key)
        if changed:
            last = base.history.last()
            version = last.end_rpmdb_version if last is not None else base._ts.dbCookie()
            base.history.beg(version, [], [], "patchops")
            base.history.end(version)
    return changed


def _offer(base: Any, wanted: Dict[str, str]) -> Any:
    # What was taken back is excluded, and still the way back of another transaction.
    query = base.sack.query(flags=hawkey.IGNORE_EXCLUDES).available()
    for one in query.filter(name=wanted["name"], arch=wanted["arch"]):
        if describing.version_of(one) == wanted["version"]:
            return one
    return None


def _fetch(base: Any, offers: List[Any]) -> Optional[str]:
    """Download packages, some of which may be there already; return what was wrong."""
    try:
        base.download_packages(offers)
    except dnf.exceptions.DownloadError as error:
        return " ".join(str(error).split())
    return None


def _full_places(offers: List[Any]) -> List[str]:
    """Return the directories that have no room for what is still to be downloaded there.

    A full disk is often told as mirrors that have failed.
    """
    needs: Dict[str, int] = {}
    for offer in offers:
        path = offer.localPkg()
        if not os.path.exists(path) or os.path.getsize(path) != offer.downloadsize:
            place = os.path.dirname(path)
            needs[place] = needs.get(place, 0) + offer.downloadsize
    full = []
    for place in sorted(filter(os.path.isdir, needs)):
        disk = os.statvfs(place)
        if disk.f_bavail * disk.f_frsize < needs[place]:
            full.append(place)
    return full


def _take(base: Any, offer: Any, target: str, keyrings: Keyrings) -> Optional[str]:
    """Bring a downloaded package to `target`; return what is wrong with it."""
    problem = keys.check(base, offer, keyrings)
    if problem is None:
        fetched = offer.localPkg()
        if os.path.dirname(fetched) == base.conf.destdir:
            os.replace(fetched, target)
        else:
            shutil.copyfile(fetched, target)  # a repository on the host's own disk is read where it is
    return problem


def _mark(base: Any, files: List[str], removals: List[str]) -> None:
    base.reset(goal=True)
    packages = base.add_remote_rpms(files)
    for package in packages:
        base.package_install(package)
    wanted = set(removals)
    for package in opening.installed(base):
        name = f"{package.name}-{describing.version_of(package)}.{package.arch}"
        if name in wanted:
            base.package_remove(package)
            wanted.discard(name)
    if wanted:
        raise DriverError("plan_changed", "Not installed any more: " + ", ".join(sorted(wanted)) + ".")


def _display() -> Any:
    class Display(dnf.yum.rpmtrans.TransactionDisplay):  # type: ignore[misc]
        """Keeps what dnf only prints: rpm goes on when a script of a package fails."""

        def __init__(self) -> None:
            super().__init__()
            self.complaints: List[str] = []

        def error(self, message: str) -> None:
            text = " ".join(_text(message).split())
            _say(text)
            self.complaints.append(text)

        def scriptout(self, msgs: Any) -> None:
            if msgs:
                _say(_text(msgs))

    return Display()


def _say(text: str) -> None:
    # Not every letter is one in every locale, and an error here would cut off the transaction.
    os.write(1, (text.rstrip() + "\n").encode("utf-8", "replace"))


def _text(message: Any) -> str:
    return message.decode("utf-8", "replace") if isinstance(message, bytes) else str(message)
