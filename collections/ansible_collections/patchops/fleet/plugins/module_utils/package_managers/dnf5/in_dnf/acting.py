# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Download packages, install exactly the given files, and set why packages are there."""

import os
import shutil
import tempfile
from typing import Any, Dict, Iterable, List, Optional
from urllib.parse import unquote, urlsplit

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.shape import document
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf5.in_dnf import (
    changes,
    describing,
    opening,
    watching,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.errors import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf import (
    rpm_packages,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf.signatures import (
    Keyrings,
    unsafe_key,
)

try:
    import libdnf5
    from libdnf5 import transaction
except ImportError:
    libdnf5 = None  # see opening.py

_LOCK = "/run/dnf/rpmtransaction.lock"
# What `dnf5 history` shows as the command line.
_DESCRIPTION = "patchops"


def download(opened: opening.Opened, packages: List[Dict[str, str]], directory: str) -> List[Dict[str, Any]]:
    """Fetch packages (name, arch, version, file) into `directory`, each under the name `file`.

    Return [{file, error, sha256}]: error None when it is there; sha256 what the metadata says, None when no
    repository has the package.
    """
    # What was taken back is excluded, and still the way back of another transaction.
    base = opened.everything
    partial = os.path.join(directory, ".partial")
    os.makedirs(partial, exist_ok=True)
    base.get_config().destdir = partial
    offers = [_offer(base, wanted) for wanted in packages]
    fetched = _fetch(base, [offer for offer in offers if offer is not None])
    found = []
    with Keyrings() as keyrings:
        for place, wanted in enumerate(packages):
            offer = offers[place]
            problem: Optional[str] = "no repository has it"
            if offer is not None:
                target = os.path.join(directory, wanted["file"])
                problem = _take(base, offer, target, fetched, keyrings)
            found.append(
                {
                    "file": wanted["file"],
                    "error": problem,
                    "sha256": describing.sha256_of(offer) if offer is not None else None,
                }
            )
    shutil.rmtree(partial, ignore_errors=True)
    return found


def simulate(files: List[str], removals: List[str]) -> List[Dict[str, Any]]:
    """Return what installing `files` would change."""
    base = opening.open_without_repositories()
    found: List[Dict[str, Any]] = document(
        changes.planned(base, _resolve(base, files, removals), bool(removals))
    )
    return found


def install(files: List[str], removals: List[str]) -> Dict[str, Any]:
    """Install `files` and remove `removals` (name-version-release.arch) in one transaction.

    Return {complaints}: what scripts of packages got wrong. Older versions of rpm don't count that as a
    failure. Raises DriverError, and libdnf5's errors; packages may then be in any state.
    """
    base = opening.open_without_repositories()
    found = _resolve(base, files, removals)
    changes.planned(base, found, bool(removals))
    if found.empty():
        return {"complaints": []}
    return {"complaints": _run(found)}


def set_reasons(automatic: Iterable[str], manual: Iterable[str]) -> List[str]:
    """Make packages (``name:arch``) automatic or manual ones; return those whose reason changed."""
    base = opening.open_without_repositories()
    wanted = dict.fromkeys(automatic, False)
    wanted.update(dict.fromkeys(manual, True))
    goal, changed = libdnf5.base.Goal(base), []
    for one in describing.records_of(opening.installed(base)):
        key = f"{one.name}:{one.arch}"
        if key not in wanted or one.manual == wanted[key]:
            continue
        kind = "USER" if wanted[key] else "DEPENDENCY"
        reason = getattr(transaction, f"TransactionItemReason_{kind}")
        goal.add_rpm_reason_change(one.found.get_nevra(), reason)
        changed.append(key)
    if changed:
        _run(changes.resolve(goal, False))
    return changed


def _offer(base: Any, wanted: Dict[str, str]) -> Any:
    query = opening.available(base, [wanted["name"]])
    query.filter_arch([wanted["arch"]])
    return next((one for one in query if describing.version_of(one) == wanted["version"]), None)


def _fetch(base: Any, offers: List[Any]) -> watching.Downloads:
    """Download what can be had; return what was heard of it."""
    heard = watching.Downloads(base)
    downloader = libdnf5.repo.PackageDownloader(base)
    downloader.set_fail_fast(False)
    for offer in offers:
        if not offer.is_available_locally():
            downloader.add(offer)
    try:
        downloader.download()
    except opening.errors():
        pass  # told of each one that is missing
    return heard


def _take(
    base: Any, offer: Any, target: str, fetched: watching.Downloads, keyrings: Keyrings
) -> Optional[str]:
    """Copy a downloaded package to `target`; return what is wrong with it."""
    path = offer.get_package_path()
    # What broke off lies there, too, empty or in part.
    if not os.path.exists(path) or os.path.getsize(path) != offer.get_download_size():
        return fetched.failure_of(offer.get_location()) or "it could not be downloaded"
    problem = _check_signature(base, offer, path, keyrings)
    if problem is None:
        # A repository on the host's own disk is read where it is.
        shutil.copyfile(path, target)
    return problem


def _check_signature(base: Any, offer: Any, path: str, keyrings: Keyrings) -> Optional[str]:
    """Return what is wrong with the signature, None when it is good or the repository asks for none."""
    check = libdnf5.rpm.RpmSignature
    result = check(base).check_package_signature(offer)
    if result == check.CheckResult_FAILED_KEY_MISSING:
        # libdnf5 would add the key to the rpm database; staging must not change the host.
        repo = offer.get_repo()
        refused = unsafe_key(repo.get_id(), repo.get_config().get_gpgkey_option().get_value())
        if refused:
            return refused
        try:
            return keyrings.check(path, repo.get_id(), lambda: _keys(base, repo)) or None
        except (OSError,) + opening.errors() as error:
            return f"the key for its signature (gpgkey of {repo.get_id()}) could not be read: {error}"
    if result in (check.CheckResult_OK, check.CheckResult_SKIPPED):
        return None
    return f"its signature is not good: {check.check_result_to_string(result)}"


def _keys(base: Any, repo: Any) -> List[bytes]:
    keys = []
    with tempfile.TemporaryDirectory() as scratch:
        for number, url in enumerate(repo.get_config().get_gpgkey_option().get_value()):
            parts, file = urlsplit(url), os.path.join(scratch, str(number))
            if parts.scheme == "file":
                file = unquote(parts.path)
            else:
                downloader = libdnf5.repo.FileDownloader(base)
                downloader.add(repo, url, file)
                downloader.download()
            with open(file, "rb") as stream:
                keys.append(stream.read())
    return keys


def _resolve(base: Any, files: List[str], removals: List[str]) -> Any:
    goal = libdnf5.base.Goal(base)
    for package in opening.add_files(base, files):
        goal.add_rpm_install(package, changes.settings(best=True))
    present = {rpm_packages.nevra(one): one for one in describing.records_of(opening.installed(base))}
    missing = sorted(set(removals) - set(present))
    if missing:
        raise DriverError("plan_changed", "Not installed any more: " + ", ".join(missing) + ".")
    for name in removals:
        goal.add_rpm_remove(present[name].found, changes.settings(best=True))
    return changes.resolve(goal, bool(removals))


def _run(found: Any) -> List[str]:
    """Carry a transaction out; return what scripts of its packages got wrong."""
    found.set_description(_DESCRIPTION)
    seen = watching.Watch(found)
    result = found.run()
    # rpm 6 counts a script that failed as a failed transaction, although all of its packages changed.
    if result == libdnf5.base.Transaction.TransactionRunResult_SUCCESS or seen.complaints:
        return seen.complaints
    if result == libdnf5.base.Transaction.TransactionRunResult_ERROR_LOCK:
        raise DriverError("lock_held", f"Could not get lock {_LOCK}: another process changes packages.")
    told = list(found.get_transaction_problems()) + _messages(found)
    what = libdnf5.base.Transaction.transaction_result_to_string(result)
    raise DriverError("", " ".join(" ".join([what] + [str(line) for line in told]).split()))


def _messages(found: Any) -> List[str]:
    # The bindings of earlier versions can't tell.
    told = getattr(found, "get_rpm_messages", None)
    return list(told()) if told is not None else []
