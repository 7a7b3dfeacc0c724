# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's own apps as RPM packages."""

import platform
import shutil
from pathlib import Path

from patchops.lab.commands import run
from patchops.lab.distributions import own_apps
from patchops.lab.distributions.own_apps import START_SERVICE, OwnApp

OLD, NEW, NEWEST = "1.0-1.el9", "1.1-1.el9", "1.2-1.el9"
OLD_KERNEL, NEW_KERNEL = "5.14.0-70.el9", "5.14.0-162.el9"
KERNEL = "kernel-core"
VENDOR = "Rocky Enterprise Software Foundation"
_STOP_SERVICE = 'if [ "$1" = 0 ]; then systemctl disable --now {package}.service > /dev/null 2>&1 || :; fi\n'
APPS: dict[str, OwnApp] = {
    **own_apps.APPS,
    KERNEL: OwnApp("A package that installs beside its older version, as kernels do"),
}


def architecture() -> str:
    """RPM's name for the architecture of this machine."""
    return platform.machine()


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
    return architecture() if name == KERNEL else "noarch"


def file_of(name: str, version: str) -> str:
    """The file name of a package."""
    return f"{package_of(name)}-{version}.{arch_of(name)}.rpm"


def payload_of(name: str, version: str) -> dict[str, str]:
    """The files in a package: path to content."""
    if name == KERNEL:
        return {f"usr/lib/modules/{version}.{architecture()}/vmlinuz": f"{version}\n"}
    return own_apps.files_of(name, APPS[name], version, updated=version != OLD)


def spec_of(name: str, version: str) -> str:
    """The spec file that packs `payload_of` from the directory %{payload}."""
    app, package = APPS[name], package_of(name)
    number, _, release = version.partition("-")
    updated = version != OLD
    lines = [
        "%global debug_package %{nil}",
        f"Name: {package}",
        f"Version: {number}",
        f"Release: {release}",
        f"Summary: {app.description}",
        "License: MIT",
        f"Vendor: {VENDOR}",
        "AutoReqProv: no",
    ]
    if name == KERNEL:
        kernel = f"{version}.{architecture()}"
        lines += [f"Provides: {what} = {kernel}" for what in ("kernel-core-uname-r", "kernel-uname-r")]
        # What dnf and zypper know a package by of which several versions lie side by side.
        lines += ["Provides: installonlypkg(kernel)", "Provides: multiversion(kernel)"]
        lines.append("Provides: installhint(reboot-needed)")
    else:
        lines.append("BuildArch: noarch")
    lines += [f"Requires: {app.needs}"] if updated and app.needs else []
    lines += [f"Obsoletes: {app.obsoletes} < 2"] if updated and app.obsoletes else []
    lines += [f"Conflicts: {app.conflicts}"] if updated and app.conflicts else []
    lines += ["%description", app.description, "%install", "cp -a %{payload}/. %{buildroot}/", "%files"]
    lines += [f"/{path}" for path in payload_of(name, version)]
    post, preun = app.post if updated else "", ""
    if app.has_service:
        post += START_SERVICE.format(package=package)
        preun = _STOP_SERVICE.format(package=package)
    lines += ["%post", post] if post else []
    lines += ["%preun", preun] if preun else []
    return "\n".join(lines) + "\n"


def build(name: str, version: str, directory: Path) -> Path:
    """Build one package, unsigned, into a directory; returns the .rpm."""
    work = directory / f"{package_of(name)}-{version}.work"
    for path, content in payload_of(name, version).items():
        file = work / "payload" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    (work / "package.spec").write_text(spec_of(name, version), encoding="utf-8")
    macros = {
        "_topdir": work,
        "_rpmdir": work / "rpms",
        "payload": work / "payload",
        "_dbpath": work / "db",
        "_buildhost": "lab.patchops.invalid",
    }
    defines = [word for key, value in macros.items() for word in ("--define", f"{key} {value}")]
    run(
        ["rpmbuild", "-bb", "--quiet", *defines, str(work / "package.spec")],
        doing=f"build the package {package_of(name)} {version}",
        environment={"SOURCE_DATE_EPOCH": "1700000000"},
    )
    target = directory / file_of(name, version)
    next((work / "rpms").rglob("*.rpm")).rename(target)
    shutil.rmtree(work)
    return target
