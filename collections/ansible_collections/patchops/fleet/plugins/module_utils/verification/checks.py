# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks that users give: a unit runs, a port answers, a page is served, a command succeeds.

They run on the host itself, so they see what its own clients see and pass no bastion.
"""

import socket
import ssl
import time
import urllib.error
import urllib.request
from typing import Any, Callable, Dict, List, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.process import how_ended, run
from ansible_collections.patchops.fleet.plugins.module_utils.verification.units import describe, show_units

# One try of one check, in seconds.
TRY_SECONDS = 10
_MAX_BODY = 1024 * 1024
_LONGEST_DETAIL = 300

Finding = Tuple[bool, str]


def run_checks(checks: List[Dict[str, Any]], deadline: float, pause: float = 1.0) -> List[Dict[str, Any]]:
    """Return [{check, ok, detail}] in the given order.

    A check that doesn't pass is tried again until `deadline` (time.monotonic()): services need time to start.
    """
    findings = [{"check": name_check(check), "ok": False, "detail": ""} for check in checks]
    while True:
        for check, finding in zip(checks, findings):
            if not finding["ok"]:
                finding["ok"], finding["detail"] = _run(check)
        if all(finding["ok"] for finding in findings) or time.monotonic() >= deadline:
            return findings
        time.sleep(pause)


def name_check(check: Dict[str, Any]) -> str:
    """Return what a check is called in reports."""
    kind = _kind(check)
    value = check[kind]
    if kind == "tcp":
        return f"tcp {value['host']}:{value['port']}"
    if kind == "http":
        return f"http {value['url']}"
    if kind == "command":
        # Arguments may hold a secret.
        return f"command {value[0] if value else ''}"
    return f"unit {value}"


def _kind(check: Dict[str, Any]) -> str:
    return next(kind for kind in _KINDS if check.get(kind) is not None)


def _run(check: Dict[str, Any]) -> Finding:
    kind = _kind(check)
    return _KINDS[kind](check[kind])


def _unit(name: str) -> Finding:
    unit = name if "." in name else name + ".service"
    state = show_units([unit]).get(unit, {})
    return state.get("ActiveState") == "active", describe(state)


def _tcp(target: Dict[str, Any]) -> Finding:
    try:
        with socket.create_connection((target["host"], target["port"]), timeout=TRY_SECONDS):
            return True, "accepts connections"
    except (OSError, OverflowError) as error:
        return False, f"no connection: {error}"


def _http(target: Dict[str, Any]) -> Finding:
    url = target["url"]
    if not url.startswith(("http://", "https://")):
        return False, f"{url} is neither http nor https"
    context = ssl.create_default_context()
    if not target["validate_certs"]:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    # The host's own service is asked, not what a proxy makes of it.
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    try:
        with opener.open(url, timeout=TRY_SECONDS) as answer:
            status, body = answer.getcode(), answer.read(_MAX_BODY)
    except urllib.error.HTTPError as error:
        with error:
            status, body = error.code, error.read(_MAX_BODY)
    except (OSError, ValueError) as error:
        return False, f"no answer: {error}"
    if status != target["status"]:
        return False, f"status {status}, expected {target['status']}"
    wanted = target.get("contains")
    if wanted and wanted not in body.decode("utf-8", "replace"):
        return False, f"status {status}, but the page does not contain the expected text"
    return True, f"status {status}"


def _command(argv: List[str]) -> Finding:
    if not argv:
        return False, "the command is empty"
    answer = run(argv, timeout=TRY_SECONDS)
    if answer.rc == 0:
        return True, "exit code 0"
    said = (answer.stderr.strip() or answer.stdout.strip())[-_LONGEST_DETAIL:]
    ended = how_ended(answer.rc, TRY_SECONDS) if answer.rc < 0 else f"exit code {answer.rc}"
    return False, f"{ended}: {said}" if said else ended


_KINDS: Dict[str, Callable[[Any], Finding]] = {
    "unit": _unit,
    "tcp": _tcp,
    "http": _http,
    "command": _command,
}
