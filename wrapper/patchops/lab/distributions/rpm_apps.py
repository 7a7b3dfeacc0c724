# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's own RPM packages: what patchops.lab.apps is for Debian hosts, for hosts with RPM.

Every app exists in an old version, which works, and in a new one that the lab's repository offers.
"""

import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from patchops.lab.commands import run

OLD, NEW, NEWEST = "1.0-1.el9", "1.1-1.el9", "1.2-1.el9"
OLD_KERNEL, NEW_KERNEL = "5.14.0-70.el9", "5.14.0-162.el9"
KERNEL = "kernel-core"
VENDOR = "Rocky Enterprise Software Foundation"
_LIBRARY = "usr/lib64/lab-library.so"
_SERVICE = """\
[Unit]
Description={description}
After=network.target
[Service]
{before}ExecStart={command}
User=nobody
[Install]
WantedBy=multi-user.target
"""
_START_SERVICE = """\
systemctl enable {package}.service > /dev/null 2>&1 || :
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  systemctl restart {package}.service || :
fi
"""
_STOP_SERVICE = 'if [ "$1" = 0 ]; then systemctl disable --now {package}.service > /dev/null 2>&1 || :; fi\n'
_MAPS_LIBRARY = """\
import mmap, time
with open("/{library}", "rb") as file:
    code = mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_EXEC)
while True:
    time.sleep(60)
"""


@dataclass(frozen=True)
class RpmApp:
    """One of the lab's RPM packages.

    :ivar port: it carries a service that answers HTTP there
    :ivar start_check: a command that must succeed before the service of the new version starts
    :ivar post: shell lines that the new version runs after it is installed (%post)
    :ivar needs: what the new version requires
    :ivar obsoletes: what the new version replaces
    :ivar companions: lab packages that are on the host with it
    :ivar maps_library: it carries a service that executes a library of lab-library
    :ivar only: the one version there is
    :ivar kind: of the advisory about the new version: security or bugfix
    :ivar severity: what that advisory says
    """

    description: str
    port: int | None = None
    start_check: str = ""
    post: str = ""
    needs: str = ""
    obsoletes: str = ""
    companions: tuple[str, ...] = ()
    maps_library: bool = False
    only: str | None = None
    kind: str = "security"
    severity: str = "Important"


APPS: dict[str, RpmApp] = {
    "goodapp": RpmApp("A service whose update works", port=8081),
    "webapp": RpmApp(
        "A service whose update installs and then fails to start", port=8080, start_check="/bin/false"
    ),
    "plainapp": RpmApp("A package whose update mends no security hole", kind="bugfix", severity="None"),
    "failapp": RpmApp("A package whose update fails after it is installed", post="exit 7\n"),
    "killapp": RpmApp(
        "A package whose update is interrupted: the package manager is killed under it, once",
        post="[ -e /var/lib/lab-killapp ] || { touch /var/lib/lab-killapp; kill -9 $PPID; }\n",
    ),
    "slowapp": RpmApp(
        "A package whose update takes 15 seconds, or as many as /etc/lab-slowapp.seconds says",
        post='sleep "$(cat /etc/lab-slowapp.seconds 2> /dev/null || echo 15)"\n',
    ),
    "needsnew": RpmApp("A package whose update needs a package that is not there yet", needs="lab-newcomer"),
    "newcomer": RpmApp("Comes with the update of lab-needsnew", only=NEW),
    "oldname": RpmApp("A package that has another name in the next version", only=OLD),
    "newname": RpmApp("Replaces lab-oldname", obsoletes="lab-oldname", only=NEW),
    "library": RpmApp("A library that a running service executes"),
    "libuser": RpmApp("Executes lab-library", companions=("library",), maps_library=True, only=OLD),
    KERNEL: RpmApp("A package that installs beside its older version, as kernels do"),
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
    only = APPS[name].only
    return (only,) if only else (OLD, NEW)


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
    app, package = APPS[name], package_of(name)
    if name == KERNEL:
        return {f"usr/lib/modules/{version}.{architecture()}/vmlinuz": f"{version}\n"}
    files = {f"usr/share/{package}/version": f"{version}\n"}
    if name == "library":
        files[_LIBRARY] = f"{version}\n" * 1000
    command = ""
    if app.port is not None:
        command = f"/usr/bin/python3 -m http.server {app.port} --directory /usr/share/{package}"
    elif app.maps_library:
        files[f"usr/share/{package}/service.py"] = _MAPS_LIBRARY.format(library=_LIBRARY)
        command = f"/usr/bin/python3 /usr/share/{package}/service.py"
    if command:
        check = app.start_check if version != OLD else ""
        files[f"usr/lib/systemd/system/{package}.service"] = _SERVICE.format(
            description=app.description, before=f"ExecStartPre={check}\n" if check else "", command=command
        )
    return files


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
        lines += ["Provides: installonlypkg(kernel)", "Provides: installhint(reboot-needed)"]
    else:
        lines.append("BuildArch: noarch")
    lines += [f"Requires: {app.needs}"] if updated and app.needs else []
    lines += [f"Obsoletes: {app.obsoletes} < 2"] if updated and app.obsoletes else []
    lines += ["%description", app.description, "%install", "cp -a %{payload}/. %{buildroot}/", "%files"]
    lines += [f"/{path}" for path in payload_of(name, version)]
    post, preun = app.post if updated else "", ""
    if app.port is not None or app.maps_library:
        post += _START_SERVICE.format(package=package)
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
