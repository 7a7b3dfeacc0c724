# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rocky Linux 9: hosts with dnf 4."""

from collections.abc import Mapping
from typing import ClassVar

from patchops_lab.distributions.rpm import KEY_FILE, RpmDistribution
from patchops_lab.distributions.rpm_repository import ID
from patchops_lab.network import MIRROR_NAME


class Rocky(RpmDistribution):
    """Rocky Linux 9."""

    release = "rocky9"
    suite = "bookworm"
    image_packages = ("dnf", "rpm", "dnf-plugins-core", "python3", "python3-dnf", "ca-certificates")
    os_release = """\
NAME="Rocky Linux"
VERSION="9.4 (Blue Onyx)"
ID="rocky"
ID_LIKE="rhel centos fedora"
VERSION_ID="9.4"
PLATFORM_ID="platform:el9"
PRETTY_NAME="Rocky Linux 9.4 (Blue Onyx)"
"""
    package_manager = "dnf"
    package_cache = "/var/cache/dnf"
    lock_pids = ("/var/lib/dnf/rpmdb_lock.pid",)
    changing = "import dnf"
    auditing = ("dnf", "-q", "check")
    refreshing = ("dnf", "-q", "makecache", "--refresh")
    # Name and version, not the repository: that of a package that was put back is "@commandline".
    listing_reasons = ("dnf", "-q", "-C", "repoquery", "--userinstalled", "--qf", "%{name}-%{evr}")
    release_package = ("rocky-release", "9.4")
    provides = (
        "system-release = 9.4",
        "system-release(releasever) = 9",
        *("/bin/sh", "python3", "systemd"),
    )
    files: ClassVar[Mapping[str, str]] = {
        "etc/dnf/dnf.conf": "[main]\ngpgcheck=1\ninstallonly_limit=3\nclean_requirements_on_remove=True\n"
        "best=True\nskip_if_unavailable=False\n",
        "etc/dnf/plugins/local.conf": "[main]\nenabled = false\n",
        "etc/redhat-release": "Rocky Linux release 9.4 (Blue Onyx)\n",
    }

    def upgrading(self, package: str) -> list[str]:
        return ["dnf", "-q", "-y", "upgrade", package]

    def holding(self, package: str) -> list[str]:
        return ["dnf", "-q", "-y", "versionlock", "add", package]

    def repository_file(self) -> tuple[str, str]:
        return "etc/yum.repos.d/lab.repo", (
            f"[{ID}]\nname=Rocky Linux 9 - BaseOS\nbaseurl=http://{MIRROR_NAME}/{self.place}\n"
            f"gpgcheck=1\nrepo_gpgcheck=1\ngpgkey=file:///{KEY_FILE}\nskip_if_unavailable=1\n"
        )
