# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of the distribution itself: those in the keyring package that apt depends on.

Each distribution builds apt with its own (debian-archive-keyring, ubuntu-keyring). A key that a third party's
package or an administrator has put beside them is not among them.
"""

import os
import re
from typing import List

from ansible_collections.patchops.fleet.plugins.module_utils.process import run

_KEYRING_PACKAGE = re.compile(r"\b[a-z0-9][a-z0-9+.-]*keyring\b")
# Ubuntu Pro's repositories have keys of their own, which its client brings along.
_ALSO = ("ubuntu-pro-client", "ubuntu-advantage-tools")
_KEYRING_FILE = re.compile(r"^/(usr/share/keyrings|etc/apt/trusted\.gpg\.d)/[^/]+\.(gpg|pgp|asc)$")


def find_keyrings() -> List[str]:
    """Return the files with the distribution's own keys; empty when none are found."""
    depends = run(["dpkg-query", "-W", "-f", "${Depends} ${Recommends}", "apt"]).stdout
    packages = keyring_packages(depends) + list(_ALSO)
    # It complains of packages that aren't there, and lists the others.
    return [
        path for path in keyring_files(run(["dpkg-query", "-L"] + packages).stdout) if os.path.isfile(path)
    ]


def keyring_packages(depends: str) -> List[str]:
    """Return the keyring packages in a list of dependencies. Pure."""
    return sorted(set(_KEYRING_PACKAGE.findall(depends)))


def keyring_files(listing: str) -> List[str]:
    """Return the keyrings in a list of files, but for those with keys that were withdrawn. Pure."""
    return [line for line in listing.splitlines() if _KEYRING_FILE.match(line) and "removed" not in line]
