# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's own apps as packages for pacman: a tar archive of files, with .PKGINFO and .INSTALL in front."""

import io
import platform
import tarfile
from pathlib import Path

from patchops.lab.distributions import own_apps
from patchops.lab.distributions.own_apps import START_SERVICE, OwnApp

OLD, NEW, NEWEST = "1.0-1", "1.1-1", "1.2-1"
KERNEL = "linux"
OLD_KERNEL, NEW_KERNEL = "6.1.1.arch1-1", "6.1.9.arch1-1"
PACKAGER = "PatchOps lab <lab@patchops.invalid>"
_TIME = 1700000000
_STOP_SERVICE = "systemctl disable --now {package}.service > /dev/null 2>&1 || :\n"
APPS: dict[str, OwnApp] = {
    **own_apps.APPS,
    "confapp": OwnApp("A package whose update changes an edited configuration file", conffile=True),
    KERNEL: OwnApp("A kernel that takes the place of its older version"),
}


def package_of(name: str) -> str:
    """The name of an app's package."""
    return name if name == KERNEL else f"lab-{name}"


def with_companions(names: tuple[str, ...]) -> tuple[str, ...]:
    """The given apps and those that are on a host with them, sorted."""
    return tuple(sorted({*names, *(other for name in names for other in APPS[name].companions)}))


def versions_of(name: str) -> tuple[str, ...]:
    """The versions there are of an app, the older first."""
    if name == KERNEL:
        return OLD_KERNEL, NEW_KERNEL
    app = APPS[name]
    return (OLD,) if app.only_old else (NEW,) if app.only_new else (OLD, NEW)


def all_versions(name: str) -> tuple[str, ...]:
    """`versions_of`, and the one that may appear later."""
    versions = versions_of(name)
    return (*versions, NEWEST) if versions == (OLD, NEW) else versions


def arch_of(name: str) -> str:
    """The architecture of an app's package."""
    return platform.machine() if name == KERNEL else "any"


def file_of(name: str, version: str) -> str:
    """The file name of a package."""
    return f"{package_of(name)}-{version}-{arch_of(name)}.pkg.tar.xz"


def contents_of(name: str, version: str) -> dict[str, str]:
    """Everything in a package, in its order: path to content."""
    if name == KERNEL:
        release = version.replace(".arch", "-arch")
        files = {
            f"usr/lib/modules/{release}/pkgbase": f"{KERNEL}\n",
            f"usr/lib/modules/{release}/vmlinuz": f"{version}\n",
        }
    else:
        files = own_apps.files_of(name, APPS[name], version, updated=version != OLD)
    scripts = _scripts_of(name, version)
    about = {".PKGINFO": _about(name, version, sum(map(len, files.values())))}
    return {**about, **({".INSTALL": scripts} if scripts else {}), **files}


def _about(name: str, version: str, size: int) -> str:
    app, updated = APPS[name], version not in (OLD, OLD_KERNEL)
    fields = {
        "pkgname": package_of(name),
        "pkgbase": package_of(name),
        "pkgver": version,
        "pkgdesc": app.description,
        "builddate": str(_TIME),
        "packager": PACKAGER,
        "size": str(size),
        "arch": arch_of(name),
        "license": "MIT",
    }
    lines = [f"{key} = {value}" for key, value in fields.items()]
    if updated:
        lines += [f"replaces = {app.obsoletes}", f"conflict = {app.obsoletes}"] if app.obsoletes else []
        lines += [f"conflict = {app.conflicts}"] if app.conflicts else []
        lines += [f"depend = {app.needs}"] if app.needs else []
    lines += [f"backup = etc/{package_of(name)}.conf"] if app.conffile else []
    return "\n".join(lines) + "\n"


def _scripts_of(name: str, version: str) -> str:
    app, package = APPS[name], package_of(name)
    post = app.post if version != OLD else ""
    post += START_SERVICE.format(package=package) if app.has_service else ""
    if not post:
        return ""
    scripts = f"post_install() {{\n{post}}}\npost_upgrade() {{\n  post_install\n}}\n"
    if app.has_service:
        scripts += f"pre_remove() {{\n{_STOP_SERVICE.format(package=package)}}}\n"
    return scripts


def build(name: str, version: str, directory: Path) -> Path:
    """Build one package, unsigned, into a directory. Same content, same bytes."""
    target = directory / file_of(name, version)
    with tarfile.open(target, "w:xz", format=tarfile.PAX_FORMAT) as archive:
        known: set[str] = set()
        for path, content in contents_of(name, version).items():
            for parent in reversed(Path(path).parents[:-1]):
                if str(parent) not in known:
                    known.add(str(parent))
                    archive.addfile(_member(str(parent), tarfile.DIRTYPE, 0o755))
            data = content.encode()
            archive.addfile(_member(path, tarfile.REGTYPE, 0o644, len(data)), io.BytesIO(data))
    return target


def _member(path: str, kind: bytes, mode: int, size: int = 0) -> tarfile.TarInfo:
    member = tarfile.TarInfo(path)
    member.type, member.mode, member.size, member.mtime = kind, mode, size, _TIME
    member.uname = member.gname = "root"
    return member
