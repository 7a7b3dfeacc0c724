# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's own apps as RPM packages."""

import shutil
from pathlib import Path

from patchops_lab.commands import run
from patchops_lab.distributions import own_apps
from patchops_lab.distributions.own_apps import START_SERVICE, OwnApp
from patchops_lab.distributions.own_catalogue import Catalogue, OwnPackage

OLD, NEW = "1.0-1.el9", "1.1-1.el9"
KERNEL = "kernel-core"
OLD_KERNEL, NEW_KERNEL = "5.14.0-70.el9", "5.14.0-162.el9"
VENDOR = "Rocky Enterprise Software Foundation"
_STOP_SERVICE = 'if [ "$1" = 0 ]; then systemctl disable --now {package}.service > /dev/null 2>&1 || :; fi\n'
CATALOGUE = Catalogue(
    apps={
        **own_apps.APPS,
        KERNEL: OwnApp("A package that installs beside its older version, as kernels do"),
    },
    versions=(OLD, NEW, "1.2-1.el9"),
    kernel=KERNEL,
    kernel_versions=(OLD_KERNEL, NEW_KERNEL),
    arch="noarch",
    file_name="{name}-{version}.{arch}.rpm",
)


def payload_of(package: OwnPackage) -> dict[str, str]:
    """The files in a package: path to content."""
    if package.app == KERNEL:
        return {f"usr/lib/modules/{package.version}.{package.arch}/vmlinuz": f"{package.version}\n"}
    app = CATALOGUE.apps[package.app]
    return own_apps.files_of(package.app, app, package.version, updated=package.updated)


def spec_of(package: OwnPackage) -> str:
    """The spec file that packs `payload_of` from the directory %{payload}."""
    app = CATALOGUE.apps[package.app]
    number, _, release = package.version.partition("-")
    lines = [
        "%global debug_package %{nil}",
        f"Name: {package.name}",
        f"Version: {number}",
        f"Release: {release}",
        f"Summary: {app.description}",
        "License: MIT",
        f"Vendor: {VENDOR}",
        "AutoReqProv: no",
    ]
    if package.app == KERNEL:
        kernel = f"{package.version}.{package.arch}"
        lines += [f"Provides: {what} = {kernel}" for what in ("kernel-core-uname-r", "kernel-uname-r")]
        # What dnf and zypper know a package by of which several versions lie side by side.
        lines += ["Provides: installonlypkg(kernel)", "Provides: multiversion(kernel)"]
        lines.append("Provides: installhint(reboot-needed)")
    else:
        lines.append("BuildArch: noarch")
    lines += [f"Requires: {app.needs}"] if package.updated and app.needs else []
    lines += [f"Obsoletes: {app.obsoletes} < 2"] if package.updated and app.obsoletes else []
    lines += [f"Conflicts: {app.conflicts}"] if package.updated and app.conflicts else []
    lines += ["%description", app.description, "%install", "cp -a %{payload}/. %{buildroot}/", "%files"]
    lines += [f"/{path}" for path in payload_of(package)]
    post, preun = app.post if package.updated else "", ""
    if app.has_service:
        post += START_SERVICE.format(package=package.name)
        preun = _STOP_SERVICE.format(package=package.name)
    lines += ["%post", post] if post else []
    lines += ["%preun", preun] if preun else []
    return "\n".join(lines) + "\n"


def build(package: OwnPackage, directory: Path) -> None:
    """Build one package, unsigned, into a directory."""
    work = directory / f"{package.name}-{package.version}.work"
    for path, content in payload_of(package).items():
        file = work / "payload" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    (work / "package.spec").write_text(spec_of(package), encoding="utf-8")
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
        doing=f"build the package {package.name} {package.version}",
        environment={"SOURCE_DATE_EPOCH": "1700000000"},
    )
    next((work / "rpms").rglob("*.rpm")).rename(directory / package.file)
    shutil.rmtree(work)
