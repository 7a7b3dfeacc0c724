# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's own packages for hosts that are no Debians: what each one does, whatever package it is put into.

Every app exists in an old version, which works, and in a new one that the lab's repository offers.
"""

from dataclasses import dataclass

from patchops_lab import lockout, mapped_library

START_SERVICE = """\
systemctl enable {package}.service > /dev/null 2>&1 || :
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  systemctl restart {package}.service || :
fi
"""
_LIBRARY = "usr/lib64/lab-library.so"
# 40 MiB: long enough to be caught while they are unpacked.
_BULK_LINES = 4 << 20
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


@dataclass(frozen=True)
class OwnApp:
    """One of the lab's packages.

    :ivar port: it carries a service that answers HTTP there
    :ivar start_check: a command that must succeed before the service of the new version starts
    :ivar post: shell lines that the new version runs after it is installed
    :ivar locks_out: the new version lets nobody log in any more
    :ivar needs: what the new version requires
    :ivar obsoletes: what the new version replaces
    :ivar conflicts: what the new version can't be installed beside
    :ivar conffile: it has a configuration file, edited on the host, which the new version changes
    :ivar companions: lab packages that are on the host with it
    :ivar bulky: it carries a file that takes a moment to unpack
    :ivar maps_library: it carries a service that executes a library of lab-library
    :ivar only_old, only_new: there is just this one version
    :ivar kind: of the advisory about the new version: security or bugfix
    :ivar severity: what that advisory says
    """

    description: str
    port: int | None = None
    start_check: str = ""
    post: str = ""
    locks_out: bool = False
    needs: str = ""
    obsoletes: str = ""
    conflicts: str = ""
    conffile: bool = False
    companions: tuple[str, ...] = ()
    bulky: bool = False
    maps_library: bool = False
    only_old: bool = False
    only_new: bool = False
    kind: str = "security"
    severity: str = "Important"

    @property
    def has_service(self) -> bool:
        """Whether a unit comes with it, which is started when it is installed."""
        return self.port is not None or self.maps_library


APPS: dict[str, OwnApp] = {
    "goodapp": OwnApp("A service whose update works", port=8081),
    "webapp": OwnApp(
        "A service whose update installs and then fails to start", port=8080, start_check="/bin/false"
    ),
    "plainapp": OwnApp("A package whose update mends no security hole", kind="bugfix", severity="None"),
    "failapp": OwnApp("A package whose update fails after it is installed", post="exit 7\n"),
    "killapp": OwnApp(
        "A package whose update is interrupted: the package manager is killed under it, once",
        post="[ -e /var/lib/lab-killapp ] || { touch /var/lib/lab-killapp; kill -9 $PPID; }\n",
    ),
    "slowapp": OwnApp(
        "A package whose update takes 15 seconds, or as many as /etc/lab-slowapp.seconds says",
        post='sleep "$(cat /etc/lab-slowapp.seconds 2> /dev/null || echo 15)"\n',
    ),
    "lockoutapp": OwnApp(
        "A package whose update lets nobody log in any more", post=lockout.COMMANDS, locks_out=True
    ),
    "needsnew": OwnApp("A package whose update needs a package that is not there yet", needs="lab-newcomer"),
    "newcomer": OwnApp("Comes with the update of lab-needsnew", only_new=True),
    "pusher": OwnApp(
        "A package whose update removes another", conflicts="lab-pushed", companions=("pushed",)
    ),
    "pushed": OwnApp("Is removed by the update of lab-pusher", only_old=True),
    "oldname": OwnApp("A package that has another name in the next version", only_old=True),
    "newname": OwnApp("Replaces lab-oldname", obsoletes="lab-oldname", only_new=True),
    "bulkapp": OwnApp("A package that takes a moment to unpack", bulky=True),
    "library": OwnApp("A library that a running service executes"),
    "libuser": OwnApp("Executes lab-library", companions=("library",), maps_library=True, only_old=True),
}


def files_of(name: str, app: OwnApp, version: str, updated: bool) -> dict[str, str]:
    """The files in a package: path to content.

    :param updated: it is the new version, or a newer one
    """
    package = f"lab-{name}"
    files = {f"usr/share/{package}/version": f"{version}\n"}
    if name == "library":
        files[_LIBRARY] = mapped_library.content(version)
    if app.bulky:
        files[f"usr/share/{package}/bulk"] = f"{version}\n" * _BULK_LINES
    if app.locks_out and updated:
        files.update(lockout.FILES)
    if app.conffile:
        files[f"etc/{package}.conf"] = f"written-for = {version}\n"
    command = ""
    if app.port is not None:
        command = f"/usr/bin/python3 -m http.server {app.port} --directory /usr/share/{package}"
    elif app.maps_library:
        files[f"usr/share/{package}/service.py"] = mapped_library.service(_LIBRARY)
        command = f"/usr/bin/python3 /usr/share/{package}/service.py"
    if command:
        check = app.start_check if updated else ""
        files[f"usr/lib/systemd/system/{package}.service"] = _SERVICE.format(
            description=app.description, before=f"ExecStartPre={check}\n" if check else "", command=command
        )
    return files
