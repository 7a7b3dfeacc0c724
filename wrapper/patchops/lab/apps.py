# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's own small packages: each behaves in one way that matters when its update is installed.

Every app exists as version 1.0, which works, and 1.1, which a repository of the lab offers as an update.
A fault of the mirror makes 1.2 appear.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from patchops.lab import lockout
from patchops.lab.commands import run

OLD, NEW, NEWEST = "1.0", "1.1", "1.2"
VENDOR_APP = "vendortool"
_SERVICE = """\
[Unit]
Description={description}
After=network.target
[Service]
{before}ExecStart=/usr/bin/python3 -m http.server {port} --directory /usr/share/{package}
User=nobody
[Install]
WantedBy=multi-user.target
"""
_START_SERVICE = """\
systemctl enable {package}.service > /dev/null 2>&1 || true
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  systemctl restart {package}.service || true
fi
"""


@dataclass(frozen=True)
class App:
    """One of the lab's packages.

    :ivar port: it carries a service that answers HTTP there
    :ivar start_check: a command that must succeed before the service of version 1.1 starts
    :ivar configure: shell lines its 1.1 runs when it is configured (a postinst)
    :ivar conffile: it has a configuration file, edited on the host, which 1.1 changes
    :ivar locks_out: 1.1 lets nobody log in any more
    :ivar needs: what 1.1 depends on, conflicts: what it can't be installed beside
    :ivar phased: the distribution offers 1.1 to no host yet, as Ubuntu does with updates in phases
    :ivar companions: lab packages that are on the host with it
    :ivar only: the one version there is, for packages that only play a part beside another one
    """

    description: str
    port: int | None = None
    start_check: str = ""
    configure: str = ""
    conffile: bool = False
    locks_out: bool = False
    needs: str = ""
    conflicts: str = ""
    phased: bool = False
    companions: tuple[str, ...] = ()
    only: str | None = None


APPS: dict[str, App] = {
    "goodapp": App("A service whose update works", port=8081),
    "webapp": App(
        "A service whose update installs and then fails to start", port=8080, start_check="/bin/false"
    ),
    "choosyapp": App(
        "A service whose update fails to start where /etc/lab-choosyapp.legacy exists",
        port=8082,
        start_check="/usr/bin/test ! -e /etc/lab-choosyapp.legacy",
    ),
    "confapp": App("A package whose update changes an edited configuration file", conffile=True),
    "failapp": App("A package whose update fails while it is configured", configure="exit 7\n"),
    "killapp": App(
        "A package whose update is interrupted: dpkg is killed under it, once",
        configure="[ -e /var/lib/lab-killapp ] || { touch /var/lib/lab-killapp; kill -9 $PPID; }\n",
    ),
    "slowapp": App(
        "A package whose update takes 15 seconds, or as many as /etc/lab-slowapp.seconds says",
        configure='sleep "$(cat /etc/lab-slowapp.seconds 2> /dev/null || echo 15)"\n',
    ),
    "lockoutapp": App(
        "A package whose update lets nobody log in any more", configure=lockout.COMMANDS, locks_out=True
    ),
    "needsnew": App("A package whose update needs a package that is not there yet", needs="lab-newcomer"),
    "newcomer": App("Comes with the update of lab-needsnew", only=NEW),
    "pusher": App("A package whose update removes another", conflicts="lab-pushed", companions=("pushed",)),
    "pushed": App("Is removed by the update of lab-pusher", only=OLD),
    "phasedapp": App("A package whose update is offered in phases, and to no host yet", phased=True),
    VENDOR_APP: App("A package of a third party's repository"),
}


def with_companions(names: tuple[str, ...]) -> tuple[str, ...]:
    """The given apps and those that are on a host with them, sorted."""
    return tuple(sorted({*names, *(other for name in names for other in APPS[name].companions)}))


def served_with(names: tuple[str, ...]) -> tuple[str, ...]:
    """The given apps, and those that a repository must have for their updates, sorted."""
    needed = {APPS[name].needs.removeprefix("lab-") for name in names} - {""}
    return tuple(sorted({*with_companions(names), *needed}))


def versions_of(name: str) -> tuple[str, ...]:
    """The versions there are of an app, the older first."""
    only = APPS[name].only
    return (only,) if only else (OLD, NEW)


def files_of(name: str, version: str) -> dict[str, tuple[str, int]]:
    """What is in the package: path to content and mode, DEBIAN/ for what is about it."""
    app, package, updated = APPS[name], f"lab-{name}", version != OLD
    control = [
        f"Package: {package}",
        f"Version: {version}",
        "Architecture: all",
        "Section: misc",
        "Priority: optional",
        "Maintainer: PatchOps lab <lab@patchops.invalid>",
    ]
    if updated and app.needs:
        control.append(f"Depends: {app.needs}")
    if updated and app.conflicts:
        control.append(f"Conflicts: {app.conflicts}")
    if updated and app.phased:
        control.append("Phased-Update-Percentage: 0")
    control.append(f"Description: {app.description}")
    files = {f"usr/share/{package}/version": (f"{version}\n", 0o644)}
    configure = app.configure if updated else ""
    if app.locks_out and updated:
        files.update({path: (content, 0o644) for path, content in lockout.FILES.items()})
    if app.port is not None:
        before = f"ExecStartPre={app.start_check}\n" if updated and app.start_check else ""
        unit = _SERVICE.format(description=app.description, before=before, port=app.port, package=package)
        files[f"usr/lib/systemd/system/{package}.service"] = (unit, 0o644)
        configure += _START_SERVICE.format(package=package)
    if app.conffile:
        files[f"etc/{package}.conf"] = (f"written-for = {version}\n", 0o644)
        files["DEBIAN/conffiles"] = (f"/etc/{package}.conf\n", 0o644)
    if configure:
        script = f'#!/bin/sh\nset -e\nif [ "$1" = configure ]; then\n{configure}fi\n'
        files["DEBIAN/postinst"] = (script, 0o755)
    files["DEBIAN/control"] = ("\n".join(control) + "\n", 0o644)
    return files


def build(name: str, version: str, directory: Path) -> Path:
    """Build one package into a directory; returns the .deb. Same content, same bytes."""
    target = directory / f"lab-{name}_{version}_all.deb"
    tree = directory / f"lab-{name}_{version}.tree"
    for path, (content, mode) in files_of(name, version).items():
        file = tree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
        file.chmod(mode)
    run(
        ["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", str(tree), str(target)],
        doing=f"build the package lab-{name} {version}",
        environment={"SOURCE_DATE_EPOCH": "1700000000"},
    )
    shutil.rmtree(tree)
    return target
