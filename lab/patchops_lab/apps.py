# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's own small packages: each behaves in one way that matters when its update is installed.

Every app exists as version 1.0, which works, and 1.1, which a repository of the lab offers as an update.
A fault of the mirror makes 1.2 appear. The apps of STANDING are on every Debian host, so that updates of each
kind are pending there whatever Debian's archive holds.
"""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from patchops_lab import lockout, mapped_library
from patchops_lab.commands import run

OLD, NEW, NEWEST = "1.0", "1.1", "1.2"
VENDOR_APP = "vendortool"
HELD_APP = "heldapp"
_MANY = tuple(f"many{number:02}" for number in range(1, 13))
# On every Debian host: more updates than fit into one hand, one without a way back by packages, and one
# whose scripts write a file in /etc that no package owns.
STANDING = (*_MANY, "firmware", "generated")
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
_SERVES_HTTP = "/usr/bin/python3 -m http.server {port} --directory /usr/share/{package}"
_MAPS_LIBRARY = "/usr/bin/python3 /usr/share/{package}/service.py"
_LIBRARY = "usr/lib/lab-library.so"
# Keeps the lines of others, as the scripts of real packages do with such files.
_GENERATE = """\
touch /etc/{package}.conf
sed -i '/^version = /d' /etc/{package}.conf
echo 'version = {version}' >> /etc/{package}.conf
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
    :ivar lives: seconds after which the service of version 1.1 ends and is restarted, again and again
    :ivar configure: shell lines its 1.1 runs when it is configured (a postinst)
    :ivar conffile: it has a configuration file, edited on the host, which 1.1 changes
    :ivar package: the name of its package; empty: lab-NAME
    :ivar generates: its scripts write the version into /etc/PACKAGE.conf, which no package owns
    :ivar bulky: it carries a file that no compression makes small
    :ivar library: it carries a library
    :ivar maps_library: it carries a service that executes the library of lab-library
    :ivar locks_out: 1.1 lets nobody log in any more
    :ivar needs: what 1.1 depends on, conflicts: what it can't be installed beside
    :ivar exactly: the lab package of which each of its versions needs the same version
    :ivar phased: the distribution offers 1.1 to no host yet, as Ubuntu does with updates in phases
    :ivar companions: lab packages that are on the host with it
    :ivar only: the one version there is, for packages that only play a part beside another one
    """

    description: str
    port: int | None = None
    start_check: str = ""
    lives: int = 0
    configure: str = ""
    conffile: bool = False
    package: str = ""
    generates: bool = False
    bulky: bool = False
    library: bool = False
    maps_library: bool = False
    locks_out: bool = False
    needs: str = ""
    conflicts: str = ""
    exactly: str = ""
    phased: bool = False
    companions: tuple[str, ...] = ()
    only: str | None = None


APPS: dict[str, App] = {
    "goodapp": App("A service whose update works", port=8081),
    "webapp": App(
        "A service whose update installs and then fails to start", port=8080, start_check="/bin/false"
    ),
    "crashapp": App("A service whose update dies again and again", port=8083, lives=2),
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
    "exactuser": App(
        "A package that needs just its own version of lab-exactbase",
        exactly="lab-exactbase",
        companions=("exactbase",),
    ),
    "exactbase": App("Comes in the same version as lab-exactuser"),
    "phasedapp": App("A package whose update is offered in phases, and to no host yet", phased=True),
    "library": App("A library that a running service executes", library=True),
    "libuser": App("Executes lab-library", companions=("library",), maps_library=True, only=OLD),
    HELD_APP: App("A package that is on hold on its host"),
    "heldback": App(
        "A package whose update needs that of lab-heldapp",
        needs="lab-heldapp (>= 1.1)",
        companions=(HELD_APP,),
    ),
    # Its name says that packages don't take it back.
    "firmware": App("Firmware of a device that refuses an older one", package="firmware-lab", bulky=True),
    "generated": App("A package whose scripts write a file that no package owns", generates=True),
    **{name: App("One of many small packages with an update") for name in _MANY},
    VENDOR_APP: App("A package of a third party's repository"),
}


def package_of(name: str) -> str:
    """The name of an app's package."""
    return APPS[name].package or f"lab-{name}"


def app_of(package: str) -> str | None:
    """The app that a package is; None: it is none of the lab's."""
    return next((name for name in APPS if package_of(name) == package), None)


def with_companions(names: tuple[str, ...]) -> tuple[str, ...]:
    """The given apps and those that are on a host with them, sorted."""
    return tuple(sorted({*names, *(other for name in names for other in APPS[name].companions)}))


def served_with(names: tuple[str, ...]) -> tuple[str, ...]:
    """The given apps, and those that a repository must have for their updates, sorted."""
    needed = {app_of(APPS[name].needs.partition(" ")[0]) for name in names} - {None}
    return tuple(sorted({*with_companions(names), *filter(None, needed)}))


def versions_of(name: str) -> tuple[str, ...]:
    """The versions there are of an app, the older first."""
    only = APPS[name].only
    return (only,) if only else (OLD, NEW)


def files_of(name: str, version: str) -> dict[str, tuple[str, int]]:
    """What is in the package: path to content and mode, DEBIAN/ for what is about it."""
    app, package, updated = APPS[name], package_of(name), version != OLD
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
    if app.exactly:
        control.append(f"Depends: {app.exactly} (= {version})")
    if updated and app.conflicts:
        control.append(f"Conflicts: {app.conflicts}")
    if updated and app.phased:
        control.append("Phased-Update-Percentage: 0")
    control.append(f"Description: {app.description}")
    files = {f"usr/share/{package}/version": (f"{version}\n", 0o644)}
    configure = app.configure if updated else ""
    if app.locks_out and updated:
        files.update({path: (content, 0o644) for path, content in lockout.FILES.items()})
    if app.generates:
        configure += _GENERATE.format(package=package, version=version)
    if app.bulky:
        files[f"usr/share/{package}/bulk"] = (_incompressible(version), 0o644)
    if app.library:
        files[_LIBRARY] = (mapped_library.content(version), 0o644)
    command = _SERVES_HTTP if app.port is not None else ""
    if app.maps_library:
        files[f"usr/share/{package}/service.py"] = (mapped_library.service(_LIBRARY), 0o644)
        command = _MAPS_LIBRARY
    if command:
        before = f"ExecStartPre={app.start_check}\n" if updated and app.start_check else ""
        if updated and app.lives:
            before += f"Restart=always\nRuntimeMaxSec={app.lives}\n"
        unit = _SERVICE.format(
            description=app.description,
            before=before,
            command=command.format(port=app.port, package=package),
        )
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


def _incompressible(version: str) -> str:
    return "".join(hashlib.sha256(f"{version}/{line}".encode()).hexdigest() for line in range(4096))


def file_name(name: str, version: str) -> str:
    """The file that `build` makes."""
    return f"{package_of(name)}_{version}_all.deb"


def build(name: str, version: str, directory: Path) -> Path:
    """Build one package into a directory; returns the .deb. Same content, same bytes."""
    target = directory / file_name(name, version)
    tree = target.with_suffix(".tree")
    for path, (content, mode) in files_of(name, version).items():
        file = tree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
        file.chmod(mode)
    run(
        ["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", str(tree), str(target)],
        doing=f"build the package {package_of(name)} {version}",
        environment={"SOURCE_DATE_EPOCH": "1700000000"},
    )
    shutil.rmtree(tree)
    return target
