# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the host is: its id, its names, and whether it is a container, a virtual machine or hardware."""

import os
import socket
from typing import Any, Dict, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.facts.proc import read_text, read_text_or_none
from ansible_collections.patchops.fleet.plugins.module_utils.process import NOT_FOUND, run

# The container types of systemd-detect-virt(1); everything else it prints but "none" is a virtual machine.
_CONTAINERS = [
    "openvz",
    "lxc",
    "lxc-libvirt",
    "systemd-nspawn",
    "docker",
    "podman",
    "rkt",
    "wsl",
    "proot",
    "pouch",
    "garden",
    "container-other",
]


def collect_machine() -> Dict[str, Any]:
    """Return the `machine` part of the host document."""
    hostname = socket.gethostname()
    return {
        "machine_id": read_text_or_none("/etc/machine-id") or None,
        "virtualization": detect_virtualization(),
        "hostname": hostname,
        "fqdn": find_fqdn(hostname, read_text_or_none("/etc/hosts") or ""),
    }


def detect_virtualization() -> Dict[str, Optional[str]]:
    """Return {kind: container | vm | host | unknown, type}."""
    answer = run(["systemd-detect-virt"])
    if answer.rc == NOT_FOUND:
        return _without_systemd()
    return classify_virtualization(answer.stdout.strip())


def classify_virtualization(printed: str) -> Dict[str, Optional[str]]:
    """Return kind and type for the word that systemd-detect-virt prints."""
    if not printed:
        return {"kind": "unknown", "type": None}
    if printed == "none":
        return {"kind": "host", "type": None}
    return {"kind": "container" if printed in _CONTAINERS else "vm", "type": printed}


def find_fqdn(hostname: str, hosts: str) -> Optional[str]:
    """Return the host's full name from its hostname or /etc/hosts. DNS is not asked: it may hang."""
    if "." in hostname:
        return hostname
    for line in hosts.splitlines():
        names = line.split("#", 1)[0].split()[1:]
        if hostname in names:
            return next((name for name in names if name.startswith(hostname + ".")), None)
    return None


def _without_systemd() -> Dict[str, Optional[str]]:
    if os.path.exists("/.dockerenv"):
        return {"kind": "container", "type": "docker"}
    if os.path.exists("/run/.containerenv"):
        return {"kind": "container", "type": "podman"}
    try:
        words = read_text("/proc/1/environ").split("\0")
    except OSError:
        return {"kind": "unknown", "type": None}
    container = next((word.split("=", 1)[1] for word in words if word.startswith("container=")), None)
    if container:
        return {"kind": "container", "type": container}
    hypervisor = " hypervisor " in read_text("/proc/cpuinfo").replace("\n", " ") + " "
    return {"kind": "vm" if hypervisor else "unknown", "type": None}
