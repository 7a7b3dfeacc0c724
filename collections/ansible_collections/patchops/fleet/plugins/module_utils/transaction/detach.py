# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start a worker that outlives the module, the connection and the login that asked for it."""

import hashlib
import io
import os
import sys
import time
import zipfile
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils import process
from ansible_collections.patchops.fleet.plugins.module_utils.facts.units import has_systemd
from ansible_collections.patchops.fleet.plugins.module_utils.files import write_file, write_json
from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_outcome
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory import states
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.journal import Journal
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.lock import is_held
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.paths import (
    StateDirectory,
    TransactionDirectory,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import confirming
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.spawning import (
    quoted,
    start_session,
)

if TYPE_CHECKING:
    # Modules take along what they import, also where the import never runs. Who starts the worker need not
    # compile it.
    from ansible_collections.patchops.fleet.plugins.module_utils.transaction import worker  # noqa: F401

_PACKAGE = "ansible_collections/patchops/fleet/plugins/module_utils/"
_PROXIES = ("http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
_ACKNOWLEDGE = 30.0
# A worker that only fetches reads what came over the network, and starts no script of a package. Nothing here
# makes a mount namespace, which not every container can. What installs is not confined: its scripts may do
# whatever packages do, and what they start without systemd would be confined for ever.
_FETCHING = (
    "NoNewPrivileges=yes",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "LockPersonality=yes",
)
# systemd asks for the release whenever a worker has ended. One that left by itself has released everything,
# and nothing is loaded.
_MAIN = """\
import os
import sys

if sys.argv[-1] == "{release}" and os.getenv("EXIT_CODE") == "exited" and os.getenv("EXIT_STATUS") == "0":
    sys.exit()

from {worker} import main

sys.exit(main(sys.argv[1:]))
"""


def build_payload() -> bytes:
    """Return the engine's host side as one zip that Python runs.

    It is made from what the running module was loaded from: Ansible's own zip, or a directory when a
    developer has unpacked it. Both are gone as soon as the module ends.
    """
    name = __name__.rpartition(".")[0] + ".worker"
    files = {"__main__.py": _MAIN.format(release=confirming.RELEASE, worker=name).encode("ascii")}
    for name, data in _sources():
        files[name] = data
        for parent in _parents(name):
            files.setdefault(parent + "/__init__.py", b"")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name in sorted(files):
            # A fixed time, so that equal code gives equal bytes and one hash.
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, files[name])
    return buffer.getvalue()


def _parents(name: str) -> List[str]:
    parts = name.split("/")[:-1]
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]


def _sources() -> Iterator[Tuple[str, bytes]]:
    archive = getattr(sys.modules[__name__].__loader__, "archive", None)
    if archive:
        with zipfile.ZipFile(archive) as source:
            for name in source.namelist():
                if name.startswith(_PACKAGE) and name.endswith(".py"):
                    yield name, source.read(name)
        return
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for directory, _directories, files in os.walk(root):
        for file in files:
            if file.endswith(".py"):
                path = os.path.join(directory, file)
                with open(path, "rb") as stream:
                    yield _PACKAGE + os.path.relpath(path, root).replace(os.sep, "/"), stream.read()


def launch(
    state: StateDirectory, directory: TransactionDirectory, goal: str, settings: Dict[str, Any]
) -> None:
    """Start a worker for `goal` and wait until it has shown itself in the journal.

    `settings` are this call's own: lock_timeout, restart_services, confirm_within, access_packages, run_id.

    Raises DriverError (detach_failed) when none came up; then none will.
    """
    payload = build_payload()
    write_file(directory.payload, payload)
    # Proxies may carry passwords: in a file for root, never in an argument, a unit or the journal.
    write_json(directory.environment, {name: os.environ[name] for name in _PROXIES if name in os.environ})
    journal = Journal(directory.journal)
    view = journal.view()
    attempt = view.attempt + 1
    journal.append(
        "launched", attempt=attempt, goal=goal, payload=hashlib.sha256(payload).hexdigest(), **settings
    )
    argv = [sys.executable, "-I", directory.payload, state.root, directory.id, str(attempt), goal]
    unit = f"patchops-{directory.id}" + (f"-{attempt}" if attempt > 1 else "")
    fetches = (view.state, goal) == (states.STAGING, states.STAGED)
    problem = _start_unit(unit, argv, fetches) if has_systemd() else start_session(argv)
    if not problem and _shows_itself(state, journal, attempt):
        return
    if has_systemd():
        process.run(["systemctl", "stop", unit + ".service"], timeout=60)
    error = DriverError(
        "detach_failed",
        f"The worker of transaction {directory.id} did not start ({problem or 'it did not show itself'}); "
        "nothing was changed by this call.",
        f"Look at journalctl -u {unit} and {directory.log} on the host, then call again.",
    )
    # An attempt that has ended in the journal does nothing, should it come up late.
    if journal.append_if(
        lambda view: not _has_come(journal, attempt),
        "ended",
        attempt=attempt,
        outcome=make_outcome(error.code, error.message, error.remedy),
    ):
        raise error


def _start_unit(unit: str, argv: List[str], fetches: bool) -> str:
    """Start a transient unit: no login's end and no KillUserProcesses reaches it. Return what was wrong.

    `fetches`: it installs nothing, and is confined as far as the host's systemd knows how to.
    """
    properties = [
        # dpkg goes on when the worker is killed, and a shutdown waits for the worker, which waits for dpkg.
        "KillMode=process",
        "TimeoutStopSec=900",
        "OOMScoreAdjust=-500",
        # Runs after a worker that was killed, too: the host's updaters don't wait for our next call.
        "ExecStopPost=" + " ".join(quoted(word) for word in argv[:-1] + [confirming.RELEASE]),
    ]
    command = ["systemd-run", "--quiet", "--collect", "--no-ask-password", f"--unit={unit}"]
    command += ["--description=PatchOps transaction"]
    command += [f"--property={text}" for text in properties]
    if fetches:
        confined = [f"--property={text}" for text in _FETCHING]
        if process.run(command + confined + ["--"] + argv, timeout=60).rc == 0:
            return ""
        # An older systemd refuses the whole unit for a property that it doesn't know.
    result = process.run(command + ["--"] + argv, timeout=60)
    return "" if result.rc == 0 else result.stderr.strip() or f"systemd-run ended with {result.rc}"


def _shows_itself(state: StateDirectory, journal: Journal, attempt: int) -> bool:
    ends = time.monotonic() + _ACKNOWLEDGE
    while time.monotonic() < ends:
        if _has_come(journal, attempt):
            return True
        if _waits_for_another(journal.entries(), attempt) and is_held(state.lock):
            return True
        time.sleep(0.05)
    return False


def _has_come(journal: Journal, attempt: int) -> bool:
    return any(
        one["event"] in ("started", "ended") and one["attempt"] == attempt for one in journal.entries()
    )


def _waits_for_another(entries: List[Dict[str, object]], attempt: int) -> bool:
    ended = {one["attempt"] for one in entries if one["event"] == "ended"}
    return any(number not in ended for number in range(1, attempt))
