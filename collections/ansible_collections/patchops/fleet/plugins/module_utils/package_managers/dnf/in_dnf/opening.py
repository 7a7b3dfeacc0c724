# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Open dnf as its command line would, and say which repositories could not be had."""

from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Optional, Set, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf.signatures import (
    unsafe_metadata_key,
)

try:
    import dnf
    import dnf.exceptions
    import dnf.repo
    import dnf.rpm
    import hawkey
    import libdnf
except ImportError:
    dnf = None  # the module that only passes this file on need not have the bindings


class Opened:
    """dnf with the enabled repositories, which are loaded when `base` is first asked for.

    `errors`: what was wrong then, by repository; such a repository is left out. `updates`: what reading.py
    found out for the first who asked.
    """

    def __init__(self) -> None:
        self.errors: Dict[str, str] = {}
        self.updates: Optional[List[Dict[str, Any]]] = None
        self._base: Any = None

    @property
    def base(self) -> Any:
        """Return dnf's Base with its sack filled: with repositories as they were read the last time."""
        if self._base is None:
            self._open(fetch=False)
        return self._base

    def refresh(self) -> List[Dict[str, str]]:
        """Fetch the metadata of the enabled repositories anew; return {repository, message} of errors."""
        self._open(fetch=True)
        return [{"repository": name, "message": self.errors[name]} for name in sorted(self.errors)]

    def _open(self, fetch: bool) -> None:
        self._base, self.errors = _open_with_repositories(fetch)
        self.updates = None


def configure() -> Any:
    """Return dnf's Base with the host's configuration read."""
    base = dnf.Base()
    conf = base.conf
    conf.read()
    releasever = dnf.rpm.detect_releasever(conf.installroot)
    if releasever is not None:
        conf.releasever = releasever
    conf.substitutions.update_from_etc(conf.installroot)
    conf.assumeyes = True
    return base


@contextmanager
def without_repositories() -> Iterator[Any]:
    """Open dnf so that it sees what is installed and nothing else: no excludes, no plugins, no limits."""
    base = configure()
    conf = base.conf
    conf.disable_excludes = ["all"]
    conf.clean_requirements_on_remove = False
    conf.installonly_limit = 0
    conf.best = True
    try:
        base.fill_sack(load_system_repo=True, load_available_repos=False)
        yield base
    finally:
        base.close()


def installed(base: Any) -> Any:
    """Return a query of what is installed: dnf's own leaves out what the configuration excludes."""
    return base.sack.query(flags=hawkey.IGNORE_EXCLUDES).installed()


def names_beside(base: Any) -> Set[str]:
    """Return the names of packages whose versions are installed side by side, as kernels are."""
    return {one.name for one in base._get_installonly_query(base.sack.query(flags=hawkey.IGNORE_EXCLUDES))}


def _open_with_repositories(fetch: bool) -> Tuple[Any, Dict[str, str]]:
    base = configure()
    base.init_plugins()
    base.pre_configure_plugins()
    base.read_all_repos()
    base.configure_plugins()
    errors = {}
    for repo in list(base.repos.iter_enabled()):
        problem = _load(repo, fetch)
        if problem is not None:
            errors[repo.id] = problem
    for name in errors:
        base.repos[name].disable()
    base.fill_sack(load_system_repo=True, load_available_repos=True)
    for name in errors:
        base.repos[name].enable()
    return base, errors


def _load(repo: Any, fetch: bool) -> Optional[str]:
    """Read a repository's metadata; return what was wrong. Its skip_if_unavailable is not asked."""
    if fetch:
        # With assumeyes dnf would take the key that signs the metadata unasked.
        cache = repo._repo.getCachedir()
        refused = unsafe_metadata_key(repo.id, repo.gpgkey, cache) if repo.repo_gpgcheck else ""
        if refused:
            return refused
        repo._repo.expire()
    else:
        repo._repo.setSyncStrategy(dnf.repo.SYNC_ONLY_CACHE)
    try:
        repo._repo.load()
        return None
    except (libdnf.error.Error, RuntimeError) as error:
        if not fetch:
            return "it was never read: its metadata is not on the host"
        failures = sorted(str(one) for one in repo._md_pload.mirror_failures)
        return "; ".join([" ".join(str(error).split())] + failures[:1])
    finally:
        repo._md_pload.mirror_failures = set()
