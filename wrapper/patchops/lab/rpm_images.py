# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What turns a Debian image into a host with dnf: Debian carries dnf and rpm, and the rest is said here.

The host takes itself for Rocky Linux: os-release, a release package, an rpm database, and no apt.
"""

import shutil
from pathlib import Path

from patchops.lab import rpm_apps
from patchops.lab.cache import cached, content_key
from patchops.lab.commands import IN_OVERLAY, ISOLATED, run

SUITE = "bookworm"
PACKAGES = ("dnf", "rpm", "dnf-plugins-core", "python3", "python3-dnf", "ca-certificates")
_OS_RELEASE = """\
NAME="Rocky Linux"
VERSION="9.4 (Blue Onyx)"
ID="rocky"
ID_LIKE="rhel centos fedora"
VERSION_ID="9.4"
PLATFORM_ID="platform:el9"
PRETTY_NAME="Rocky Linux 9.4 (Blue Onyx)"
"""
_RELEASE_SPEC = f"""\
Name: rocky-release
Version: 9.4
Release: 1.el9
Summary: Stands for what Debian's packages bring here
License: MIT
Vendor: {rpm_apps.VENDOR}
BuildArch: noarch
Provides: system-release = 9.4, system-release(releasever) = 9, /bin/sh, python3, systemd
%description
Stands for what Debian's packages bring here.
%files
"""
# Debian's place for the database is the user's home directory.
_FILES = {
    "etc/rpm/macros.lab": "%_dbpath /var/lib/rpm\n",
    "etc/dnf/dnf.conf": "[main]\ngpgcheck=1\ninstallonly_limit=3\nclean_requirements_on_remove=True\n"
    "best=True\nskip_if_unavailable=False\n",
    "etc/dnf/plugins/local.conf": "[main]\nenabled = false\n",
    "etc/redhat-release": "Rocky Linux release 9.4 (Blue Onyx)\n",
}


def prepare(root: Path) -> None:
    """Make the image of a Debian with dnf into one of Rocky Linux."""
    for path, content in _FILES.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    for path in ("etc/os-release", "usr/lib/os-release"):
        (root / path).unlink(missing_ok=True)
        (root / path).write_text(_OS_RELEASE, encoding="utf-8")
    (root / "etc/debian_version").unlink()
    # With them the host would be one with apt.
    for directory in ("var/lib/dpkg", "etc/apt", "var/lib/apt"):
        shutil.rmtree(root / directory)
    for program in [*(root / "usr/bin").glob("apt*"), *(root / "usr/bin").glob("dpkg*")]:
        program.unlink()
    (root / "etc/yum.repos.d").mkdir(exist_ok=True)
    (root / "var/lib/rpm").mkdir(exist_ok=True)
    work = root / "root/release"
    work.mkdir()
    (work / "release.spec").write_text(_RELEASE_SPEC, encoding="utf-8")
    run(
        ["rpmbuild", "-bb", "--quiet", "--define", f"_topdir {work}", str(work / "release.spec")],
        doing="build the release package of the image",
    )
    install(root, sorted(work.rglob("*.rpm")))
    shutil.rmtree(work)


def ensure_layer(image: Path, packages: list[Path]) -> Path | None:
    """The directory that, laid over an image, adds RPM packages; None when there are none."""
    if not packages:
        return None

    def build(place: Path) -> None:
        upper, work, mounted = place / "upper", place / "work", place / "mounted"
        for directory in (upper, work, mounted):
            directory.mkdir()
        options = f"lowerdir={image},upperdir={upper},workdir={work}"
        run(
            [*ISOLATED, "sh", "-ec", IN_OVERLAY, "sh", options, str(mounted), *_rpm(mounted, packages)],
            doing=f"install {', '.join(path.stem for path in packages)} on the image {image.parent.name}",
        )
        shutil.rmtree(work)
        mounted.rmdir()

    key = content_key([image.parent.name, sorted(path.parent.name for path in packages)])
    return cached("layers", key, build) / "upper"


def install(root: Path, packages: list[Path]) -> None:
    """Install RPM packages below a directory."""
    run([*ISOLATED, *_rpm(root, packages)], doing=f"install RPM packages in {root}")


def _rpm(root: Path, packages: list[Path]) -> list[str]:
    return ["rpm", f"--root={root}", "--dbpath=/var/lib/rpm", "--nosignature", "-i", *map(str, packages)]
