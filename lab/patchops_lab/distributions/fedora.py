# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fedora 42: hosts with dnf 5."""

from collections.abc import Mapping
from typing import ClassVar

from patchops_lab.distributions.rpm import KEY_FILE, RpmDistribution
from patchops_lab.distributions.rpm_repository import ID
from patchops_lab.network import MIRROR_NAME


class Fedora(RpmDistribution):
    """Fedora Linux 42, with the dnf 5 that Debian's next release has."""

    release = "fedora42"
    suite = "forky"
    image_packages = ("dnf5", "rpm", "python3", "python3-libdnf5", "ca-certificates")
    os_release = """\
NAME="Fedora Linux"
VERSION="42 (Server Edition)"
ID=fedora
VERSION_ID=42
PLATFORM_ID="platform:f42"
PRETTY_NAME="Fedora Linux 42 (Server Edition)"
SUPPORT_END=2026-05-13
"""
    package_manager = "dnf5"
    package_cache = "/var/cache/libdnf5"
    lock_files = ("/run/dnf/rpmtransaction.lock", *RpmDistribution.lock_files)
    changing = "import libdnf5"
    auditing = ("dnf5", "-q", "-C", "check")
    refreshing = ("dnf5", "-q", "-y", "makecache", "--refresh")
    listing_reasons = (
        *("dnf5", "-q", "-C", "repoquery", "--userinstalled"),
        *("--qf", "%{name}-%{evr}\\n"),
    )
    release_package = ("fedora-release", "42")
    provides = (
        "system-release = 42",
        "system-release(releasever) = 42",
        *("/bin/sh", "python3", "systemd"),
    )
    files: ClassVar[Mapping[str, str]] = {
        "etc/dnf/dnf.conf": "[main]\n",
        "etc/dnf/libdnf5-plugins/local.conf": "[main]\nenabled = false\n",
        "etc/fedora-release": "Fedora release 42 (Adams)\n",
        "etc/redhat-release": "Fedora release 42 (Adams)\n",
    }

    def upgrading(self, package: str) -> list[str]:
        return ["dnf5", "-q", "-y", "upgrade", package]

    def holding(self, package: str) -> list[str]:
        return ["dnf5", "-q", "-y", "versionlock", "add", package]

    def repository_file(self) -> tuple[str, str]:
        return "etc/yum.repos.d/fedora.repo", (
            f"[{ID}]\nname=Fedora 42 - x86_64 - Updates\nbaseurl=http://{MIRROR_NAME}/{self.place}\n"
            f"gpgcheck=1\nrepo_gpgcheck=1\ngpgkey=file:///{KEY_FILE}\nskip_if_unavailable=1\n"
        )
