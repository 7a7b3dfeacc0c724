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
        """Return what would be done for `selection`, without doing it."""
        raise NotImplementedError

    def acquire(self, plan, directory):
        """Put every package of `plan` into `directory` and check its bytes."""
        raise NotImplementedError

    def acquire_way_back(self, plan, directory):
        """Put what `plan` replaces or removes into `directory`; each package says `how` it was obtained."""
        raise NotImplementedError

    def simulate(self, files, removals, allow_downgrades):
        """Return what installing exactly `files` would do, without any repository."""
        raise NotImplementedError

    def install(self, files, removals, allow_downgrades, log):
        """Install exactly `files` and remove `removals`, without any repository; output goes to `log`."""
        raise NotImplementedError

    def recover(self):
        """Finish a change of our own that was interrupted."""
        raise NotImplementedError

    def marks(self):
        """Return the names of automatically installed packages, sorted."""
        raise NotImplementedError

    def restore_marks(self, marks):
        """Make `marks` the automatically installed packages again."""
        raise NotImplementedError

    def block(self, versions, transaction_id):
        """Keep the host's own updaters from installing `versions` ([{name, version}])."""
        raise NotImplementedError

    def unblock(self, transaction_id):
        """Take back what `block` did for this transaction."""
        raise NotImplementedError
