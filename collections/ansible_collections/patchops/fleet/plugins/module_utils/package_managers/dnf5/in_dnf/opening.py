# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Open libdnf5 as its command line would, or so that it sees just what is on the host."""

from typing import Any, Dict, List, Optional, Set, Tuple, Type

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf5.in_dnf import (
    watching,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.errors import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf.signatures import (
    unsafe_metadata_key,
)

try:
    import libdnf5
except ImportError:
    libdnf5 = None  # the module that only passes this file on need not have the bindings

_COMMAND_LINE = "@commandline"
# Of libdnf5's local plugin: copies of what was installed once, from the first of them on.
_COPIES = "_dnf_local"


class Opened:
    """libdnf5 with the enabled repositories, each half loaded when it is first asked for.

    `updates`: what reading.py found out for the first who asked.
    """

    def __init__(self) -> None:
        self.updates: Optional[List[Dict[str, Any]]] = None
        self._bases: Dict[bool, Any] = {}

    @property
    def everything(self) -> Any:
        """Without the host's excludes and version locks, which hide installed packages, too."""
        return self._base(excludes=False)

    @property
    def restricted(self) -> Any:
        """With them."""
        return self._base(excludes=True)

    def _base(self, excludes: bool) -> Any:
        if excludes not in self._bases:
            self._bases[excludes] = open_with_repositories(excludes)
        return self._bases[excludes]


def open_with_repositories(excludes: bool) -> Any:
    """Return libdnf5's Base with the enabled repositories as they were read the last time.

    Those that were never read are in it and disabled. `excludes`: whether the host's excludes and version
    locks hide packages, installed ones too.
    """
    base = _configured(excludes)
    base.setup()
    base.get_repo_sack().create_repos_from_system_configuration()
    for repo in _enabled(base):
        repo.set_sync_strategy(libdnf5.repo.Repo.SyncStrategy_ONLY_CACHE)
        # What is there and can't be loaded is an error: without it nothing would seem to be pending.
        repo.get_config().skip_if_unavailable = False
        if not was_read(repo):
            repo.disable()
    _load(base, excludes)
    return base


def open_without_repositories() -> Any:
    """Return a Base that sees what is installed and nothing else: no excludes, no locks, no plugins."""
    base = _configured(False)
    base.get_config().plugins = False
    base.setup()
    _load(base, False, libdnf5.repo.Repo.Type_SYSTEM)
    return base


def refresh() -> List[Dict[str, str]]:
    """Fetch the metadata of each enabled repository anew; return {repository, message} of what was wrong.

    One at a time: together the first that fails hides the others, and skip_if_unavailable hides them all.
    """
    problems = [(name, _fetch(name)) for name in offering()]
    return [{"repository": name, "message": problem} for name, problem in problems if problem is not None]


def offering() -> List[str]:
    """Return the names of the enabled repositories that may offer something new."""
    base = _configured(True)
    base.setup()
    base.get_repo_sack().create_repos_from_system_configuration()
    return [repo.get_id() for repo in _enabled(base) if not repo.get_id().startswith(_COPIES)]


def was_read(repo: Any) -> bool:
    """Tell whether a repository's metadata is on the host."""
    try:
        repo.read_metadata_cache()
    except errors():
        return False
    return bool(repo.get_metadata_path("primary"))


def installed(base: Any) -> Any:
    """Return a query of what is installed."""
    query = libdnf5.rpm.PackageQuery(base)
    query.filter_installed()
    return query


def available(base: Any, names: Any = None) -> Any:
    """Return a query of what the repositories offer, of the packages `names` only where they are given."""
    query = libdnf5.rpm.PackageQuery(base)
    query.filter_available()
    if names is not None:
        query.filter_name(sorted(names))
    return query


def add_files(base: Any, files: List[str]) -> List[Any]:
    """Make package files known; return them as packages."""
    if not files:
        return []
    base.get_repo_sack().add_cmdline_packages(files)
    query = libdnf5.rpm.PackageQuery(base)
    query.filter_repo_id([_COMMAND_LINE])
    return list(query)


def names_beside(base: Any) -> Set[str]:
    """Return the names of packages whose versions are installed side by side, as kernels are."""
    query = libdnf5.rpm.PackageQuery(base)
    query.filter_installonly()
    return {one.get_name() for one in query}


def errors() -> Tuple[Type[Exception], ...]:
    """Return the classes of libdnf5's errors; until 5.2.12 the bindings made each a RuntimeError."""
    known = getattr(libdnf5, "exception", None)
    found = [getattr(known, name, RuntimeError) for name in ("Error", "NonLibdnf5Exception")]
    return (RuntimeError,) + tuple(found)


def explain(error: Exception) -> DriverError:
    """Return libdnf5's own error as a refusal; every other one is raised again."""
    if isinstance(error, errors()):
        return DriverError("", " ".join(str(error).split()))
    raise error


def _configured(excludes: bool) -> Any:
    base = libdnf5.base.Base()
    base.load_config()
    config = base.get_config()
    config.assumeyes = True
    # Kernels accumulate rather than that one goes of which nobody spoke: the running or the fallback one.
    config.installonly_limit = 0
    config.clean_requirements_on_remove = False
    if not excludes:
        config.disable_excludes = ["*"]
    return base


def _enabled(base: Any) -> List[Any]:
    query = libdnf5.repo.RepoQuery(base)
    query.filter_enabled(True)
    query.filter_type(libdnf5.repo.Repo.Type_AVAILABLE)
    return sorted(query, key=lambda repo: repo.get_id())


def _load(base: Any, excludes: bool, *types: int) -> None:
    base.get_repo_sack().load_repos(*types)
    if not excludes:
        base.get_rpm_package_sack().clear_versionlock_excludes()


def _fetch(name: str) -> Optional[str]:
    base = _configured(True)
    base.setup()
    base.get_repo_sack().create_repos_from_system_configuration()
    for repo in _enabled(base):
        if repo.get_id() == name:
            # With assumeyes dnf would take the key that signs the metadata unasked.
            config = repo.get_config()
            urls = list(config.get_gpgkey_option().get_value())
            checked = config.get_repo_gpgcheck_option().get_value()
            refused = unsafe_metadata_key(name, urls, repo.get_cachedir()) if checked else ""
            if refused:
                return refused
            config.skip_if_unavailable = False
            repo.expire()
        else:
            repo.disable()
    heard = watching.Downloads(base)
    try:
        base.get_repo_sack().load_repos(libdnf5.repo.Repo.Type_AVAILABLE)
    except errors() as error:
        return heard.explain(error)
    return None
