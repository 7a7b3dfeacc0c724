# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's releases: the image as it is, with the archive's and the lab's own security updates pending."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from patchops_lab import apps, archive_day
from patchops_lab.distributions.base import BrokenSuite, Distribution, ImagedHost, Package
from patchops_lab.distributions.debian_suite import BrokenDebianSuite
from patchops_lab.distributions.layers import ensure_layer
from patchops_lab.image_spec import machine_architecture
from patchops_lab.layered_disk import LayeredDisk
from patchops_lab.mirrors import machine_mirrors
from patchops_lab.network import MIRROR_NAME
from patchops_lab.paths import LabPaths
from patchops_lab.pools import ensure_pools
from patchops_lab.progress import Progress
from patchops_lab.repository import VENDOR_SUITE, Repository, ensure_apps
from patchops_lab.spec import HostSpec

_KEYRING = "/usr/share/keyrings/patchops-lab.asc"
_DISTRIBUTION_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class Debian(Distribution):
    """One release of Debian, by its code name."""

    services: ClassVar[Mapping[str, int | None]] = {
        name: app.port for name, app in apps.APPS.items() if name not in apps.STANDING
    }
    old, new, newest = apps.OLD, apps.NEW, apps.NEWEST
    arch = "all"
    package_manager = "apt"
    package_cache = "/var/cache/apt/archives"
    lock_files = ("/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock")
    changing = "^(dpkg|apt-get) "
    auditing = ("dpkg", "--audit")
    refreshing = ("apt-get", "-q", "update")
    listing_reasons = ("apt-mark", "showauto")

    def __init__(self, release: str) -> None:
        self.release = self.suite = release

    @property
    def updates_suite(self) -> str:
        return f"{self.release}-security"

    @property
    def suites(self) -> tuple[str, ...]:
        return (*super().suites, VENDOR_SUITE)

    def packages_of(self, host: HostSpec, architecture: str) -> set[str]:
        packages = super().packages_of(host, architecture)
        if host.python:
            packages.add("python3")
        if host.python_apt:
            packages.add("python3-apt")
        if host.kernel:
            packages |= {f"linux-image-cloud-{architecture}", "unattended-upgrades"}
        return packages

    def publish(
        self, paths: LabPaths, hosts: Sequence[ImagedHost], old_gone: bool, progress: Progress
    ) -> None:
        repository = Repository(paths.repository, paths.signing_home, machine_architecture())
        pools = ensure_pools({host.image: host.root for host in hosts}, machine_mirrors, progress)
        # In an order that doesn't depend on that of the hosts.
        ordered = archive_day.pools_of_the_day(sorted(pools.values(), key=lambda pool: pool.directory))
        names = apps.served_with((*apps.STANDING, *(name for host in hosts for name in host.spec.apps)))
        repository.publish_release(self.release, ordered, names, old_gone=old_gone)
        repository.publish_vendor(old_gone=old_gone)

    def ensure_layer(self, image: Path, host: HostSpec) -> Path:
        vendors = (apps.VENDOR_APP,) if host.third_party_repo else ()
        names = apps.with_companions((*apps.STANDING, *host.apps, *vendors))
        debs, _stanzas = ensure_apps(names)
        chosen = [str(debs[name, apps.versions_of(name)[0]]) for name in names]

        def install(root: Path) -> list[str]:
            return ["dpkg", f"--root={root}", "--force-unsafe-io", "--install", *chosen]

        def edit(upper: Path) -> None:
            for name in names:
                if apps.APPS[name].conffile:
                    with (upper / f"etc/lab-{name}.conf").open("a", encoding="utf-8") as file:
                        file.write("edited-by = the administrator\n")
            if apps.HELD_APP in names:
                _hold(upper / "var/lib/dpkg/status", apps.package_of(apps.HELD_APP))

        contents = [apps.files_of(name, apps.versions_of(name)[0]) for name in names]
        return ensure_layer(image, contents, install, edit)

    def host_files(self, host: HostSpec, public_key: str) -> dict[str, tuple[str, int]]:
        """As the releases do it: one line for each source, or from trixie on one paragraph."""
        suites = [("debian", self.release)]
        if host.security_repo:
            suites.append(("debian-security", self.updates_suite))
        if self.release == "trixie":
            content = "\n".join(
                f"Types: deb\nURIs: http://{MIRROR_NAME}/{archive}\nSuites: {suite}\nComponents: main\n"
                f"Signed-By: {_KEYRING}\n"
                for archive, suite in suites
            )
            files = {"etc/apt/sources.list.d/debian.sources": (content, 0o644)}
        else:
            content = "".join(_line(archive, suite) for archive, suite in suites)
            files = {"etc/apt/sources.list": (content, 0o644)}
        if host.third_party_repo:
            files["etc/apt/sources.list.d/vendor.list"] = (_line("vendor", VENDOR_SUITE), 0o644)
        # To its hosts the lab is the distribution: its key takes the place of those in the keyring that apt
        # depends on. (This file holds all of them; each archive's own is in a file beside it.)
        for keyring in (_KEYRING, _DISTRIBUTION_KEYRING):
            files[keyring.lstrip("/")] = (public_key, 0o644)
        return files

    def installed(self, disk: LayeredDisk) -> set[Package]:
        status = disk.find("var/lib/dpkg/status")
        return installed_packages(status.read_text(encoding="utf-8")) if status else set()

    def upgrading(self, package: str) -> list[str]:
        return ["apt-get", "-q", "-y", "install", "--only-upgrade", package]

    def holding(self, package: str) -> list[str]:
        return ["apt-mark", "hold", package]

    def suite_of(self, paths: LabPaths, target: str) -> BrokenSuite:
        return BrokenDebianSuite(paths, target)


def _hold(status_file: Path, package: str) -> None:
    status = status_file.read_text(encoding="utf-8")
    installed = f"Package: {package}\nStatus: install ok"
    status_file.write_text(
        status.replace(installed, installed.replace("install ok", "hold ok")), encoding="utf-8"
    )


def installed_packages(status_file: str) -> set[Package]:
    """What a dpkg status file has as installed."""
    found = set()
    for stanza in status_file.split("\n\n"):
        fields = dict(
            line.split(": ", 1) for line in stanza.splitlines() if ": " in line and not line.startswith(" ")
        )
        if fields.get("Status", "").endswith(" installed"):
            found.add((fields["Package"], fields["Version"], fields["Architecture"]))
    return found


def _line(archive: str, suite: str) -> str:
    return f"deb [signed-by={_KEYRING}] http://{MIRROR_NAME}/{archive} {suite} main\n"
