# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's own apps as packages for pacman: a tar archive of files, with .PKGINFO and .INSTALL in front."""

import io
import tarfile
from pathlib import Path

from patchops_lab.distributions import own_apps
from patchops_lab.distributions.own_apps import START_SERVICE, OwnApp
from patchops_lab.distributions.own_catalogue import Catalogue, OwnPackage

OLD, NEW = "1.0-1", "1.1-1"
KERNEL = "linux"
OLD_KERNEL, NEW_KERNEL = "6.1.1.arch1-1", "6.1.9.arch1-1"
PACKAGER = "PatchOps lab <lab@patchops.invalid>"
_TIME = 1700000000
_STOP_SERVICE = "systemctl disable --now {package}.service > /dev/null 2>&1 || :\n"
CATALOGUE = Catalogue(
    apps={
        **own_apps.APPS,
        "confapp": OwnApp("A package whose update changes an edited configuration file", conffile=True),
        KERNEL: OwnApp("A kernel that takes the place of its older version"),
    },
    versions=(OLD, NEW, "1.2-1"),
    kernel=KERNEL,
    kernel_versions=(OLD_KERNEL, NEW_KERNEL),
    arch="any",
    file_name="{name}-{version}-{arch}.pkg.tar.xz",
)


def contents_of(package: OwnPackage) -> dict[str, str]:
    """Everything in a package, in its order: path to content."""
    if package.app == KERNEL:
        release = package.version.replace(".arch", "-arch")
        files = {
            f"usr/lib/modules/{release}/pkgbase": f"{KERNEL}\n",
            f"usr/lib/modules/{release}/vmlinuz": f"{package.version}\n",
        }
    else:
        app = CATALOGUE.apps[package.app]
        files = own_apps.files_of(package.app, app, package.version, updated=package.updated)
    scripts = _scripts_of(package)
    about = {".PKGINFO": _about(package, sum(map(len, files.values())))}
    return {**about, **({".INSTALL": scripts} if scripts else {}), **files}


def _about(package: OwnPackage, size: int) -> str:
    app = CATALOGUE.apps[package.app]
    fields = {
        "pkgname": package.name,
        "pkgbase": package.name,
        "pkgver": package.version,
        "pkgdesc": app.description,
        "builddate": str(_TIME),
        "packager": PACKAGER,
        "size": str(size),
        "arch": package.arch,
        "license": "MIT",
    }
    lines = [f"{key} = {value}" for key, value in fields.items()]
    if package.updated:
        lines += [f"replaces = {app.obsoletes}", f"conflict = {app.obsoletes}"] if app.obsoletes else []
        lines += [f"conflict = {app.conflicts}"] if app.conflicts else []
        lines += [f"depend = {app.needs}"] if app.needs else []
    lines += [f"backup = etc/{package.name}.conf"] if app.conffile else []
    return "\n".join(lines) + "\n"


def _scripts_of(package: OwnPackage) -> str:
    app = CATALOGUE.apps[package.app]
    post = app.post if package.updated else ""
    post += START_SERVICE.format(package=package.name) if app.has_service else ""
    if not post:
        return ""
    scripts = f"post_install() {{\n{post}}}\npost_upgrade() {{\n  post_install\n}}\n"
    if app.has_service:
        scripts += f"pre_remove() {{\n{_STOP_SERVICE.format(package=package.name)}}}\n"
    return scripts


def build(package: OwnPackage, directory: Path) -> None:
    """Build one package, unsigned, into a directory. Same content, same bytes."""
    with tarfile.open(directory / package.file, "w:xz", format=tarfile.PAX_FORMAT) as archive:
        known: set[str] = set()
        for path, content in contents_of(package).items():
            for parent in reversed(Path(path).parents[:-1]):
                if str(parent) not in known:
                    known.add(str(parent))
                    archive.addfile(_member(str(parent), tarfile.DIRTYPE, 0o755))
            data = content.encode()
            archive.addfile(_member(path, tarfile.REGTYPE, 0o644, len(data)), io.BytesIO(data))


def _member(path: str, kind: bytes, mode: int, size: int = 0) -> tarfile.TarInfo:
    member = tarfile.TarInfo(path)
    member.type, member.mode, member.size, member.mtime = kind, mode, size, _TIME
    member.uname = member.gname = "root"
    return member
