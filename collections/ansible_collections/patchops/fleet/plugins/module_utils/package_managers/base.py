# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one interface behind which package managers differ."""


class DriverError(Exception):
    """The package manager could not be asked or did not do what it was asked for.

    `code` is one of the codes in outcome.py; `message` says what happened and in which state the host is now;
    `remedy` says what to do.
    """

    def __init__(self, code: str, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy


class Driver:
    """What a package manager can tell and do.

    Whatever can't be read raises DriverError; an empty answer means that there is nothing.

    Shapes are those of the host document (schemas/patchops.host.json).
    """

    name = ""

    def available(self):
        """Tell whether this is the package manager of the host."""
        raise NotImplementedError

    def version(self):
        """Return the package manager's own version."""
        raise NotImplementedError

    def platform_arch(self):
        """Return the architecture as the package manager names it (``amd64``, ``x86_64``)."""
        raise NotImplementedError

    def forget(self):
        """Drop what was read before something changed it."""
        raise NotImplementedError

    # reading

    def installed(self):
        """Return the installed packages.

        [{name, version, arch, source, source_version, origin, suite, section, manual}]
        """
        raise NotImplementedError

    def holds(self):
        """Return the names of held packages, sorted."""
        raise NotImplementedError

    def broken(self):
        """Return {interrupted, packages: [{name, arch, state}], reason}."""
        raise NotImplementedError

    def repositories(self):
        """Return the enabled repositories with signature, dates and what is wrong with them."""
        raise NotImplementedError

    def security_source(self, repositories):
        """Return {status, reason, repositories: [id]} judged from what `repositories()` returned."""
        raise NotImplementedError

    def refresh(self):
        """Fetch the repositories' indexes. Return [{repository, message}], empty when all were fetched."""
        raise NotImplementedError

    def updates(self):
        """Return the newer versions that enabled repositories offer for installed packages."""
        raise NotImplementedError

    def lock_holder(self):
        """Return {pid, command} of who holds the package manager's lock, or None."""
        raise NotImplementedError

    def kernel_packages(self):
        """Return the installed kernels: [{release, package, version}]."""
        raise NotImplementedError

    def space_paths(self):
        """Return [{path, purpose}] of where packages land."""
        raise NotImplementedError

    # planning and acting

    def plan(self, selection, options):
        """Return what would be done for `selection` (transaction/requests.py), without doing it.

        {packages: [{name, arch, action, from, to, origin, suite, security, size, sha256}], held: [{name,
        reason}], download_bytes, disk_bytes}; `options`: {allow_removals}.
        """
        raise NotImplementedError

    def acquire(self, plan, directory):
        """Put every package of `plan` into `directory`, check its bytes, return the paths."""
        raise NotImplementedError

    def acquire_way_back(self, plan, directory, nearby=(), rebuilding=False):
        """Put what `plan` replaces or removes into `directory`; each package says `how` it was obtained.

        [{name, arch, version, how: cache|repository|rebuilt|None, file, sha256, size}]. `nearby`: directories
        that may hold packages too.
        """
        raise NotImplementedError

    def simulate(self, files, removals, allow_downgrades):
        """Return what `install` would do, without doing it: [{name, arch, from, to}]."""
        raise NotImplementedError

    def install(self, files, removals, allow_downgrades, log):
        """Install exactly `files` and remove `removals`, without any repository; output goes to `log`."""
        raise NotImplementedError

    def put_back_by_force(self, files, removals, log):
        """Do what `install` does where half-installed packages keep the package manager from a plan."""
        raise NotImplementedError

    def recover(self, log):
        """Finish a change of our own that was interrupted; output goes to `log`."""
        raise NotImplementedError

    def marks(self):
        """Return ``name:arch`` of the automatically installed packages, sorted."""
        raise NotImplementedError

    def restore_marks(self, marks, names):
        """Of the packages `names`, make exactly those in `marks` automatically installed ones."""
        raise NotImplementedError

    def block(self, versions, transaction_id):
        """Keep the host's own updaters from installing `versions` ([{name, version}])."""
        raise NotImplementedError

    def unblock(self, transaction_id):
        """Take back what `block` did for this transaction."""
        raise NotImplementedError

    def updater_locks(self):
        """Return the files whose flock keeps the host's own updaters waiting."""
        raise NotImplementedError
