# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What leads to the hosts from outside: the ssh configuration and the Ansible inventory."""

import shlex
import sys
from pathlib import Path
from typing import Any

import yaml

from patchops_lab import connect
from patchops_lab.images import ADMIN
from patchops_lab.paths import LabPaths
from patchops_lab.state import LabRecord


def ssh_config(paths: LabPaths, record: LabRecord) -> str:
    """An ssh configuration with an entry for each host, by name and by address.

    The key to log in with is not in it, but for the bastions: who logs in says which key he uses.
    """
    helper = [sys.executable, "-I", "-S", str(Path(connect.__file__).resolve())]
    through_namespace = shlex.join(["nsenter", f"--net={paths.namespace}", "--", *helper])
    bastions = {host.spec.bastion for host in record.hosts}
    entries = []
    for host in record.hosts:
        lines = [f"Host {host.name} {host.address}", f"  HostName {host.address}", f"  User {ADMIN}"]
        if host.spec.bastion:
            lines.append(f"  ProxyJump {host.spec.bastion}")
        else:
            lines += [f"  ProxyCommand {through_namespace} %h %p", "  ProxyUseFdpass yes"]
        if host.name in bastions:
            lines.append(f'  IdentityFile "{paths.ssh_key}"')
        entries.append("\n".join(lines))
    common = [
        "Host *",
        f'  UserKnownHostsFile "{paths.known_hosts}"',
        "  GlobalKnownHostsFile none",
        "  IdentitiesOnly yes",
        "  StrictHostKeyChecking yes",
        "  UpdateHostKeys no",
        "  ConnectTimeout 10",
    ]
    return "\n\n".join([*entries, "\n".join(common)]) + "\n"


def inventory(paths: LabPaths, record: LabRecord) -> str:
    """The inventory (YAML) of a lab: every host, grouped by release and by the groups of the lab file.

    Works from the machine's own network namespace. Sudo passwords are not in it.
    """
    groups: dict[str, dict[str, Any]] = {}
    hosts: dict[str, dict[str, Any]] = {}
    for host in record.hosts:
        hosts[host.name] = {"ansible_host": host.address, **host.spec.variables}
        for group in (host.spec.release, *host.spec.groups):
            groups.setdefault(group, {"hosts": {}})["hosts"][host.name] = None
    variables = {
        "ansible_user": ADMIN,
        "ansible_become": True,
        # Discovery could find a Python on the PATH that apt has nothing to do with.
        "ansible_python_interpreter": "/usr/bin/python3",
        # The lab's services fail at once or within two seconds: hosts need not be watched for longer.
        "patchops_stable": 3,
        "ansible_ssh_private_key_file": str(paths.ssh_key),
        "ansible_ssh_common_args": shlex.join(["-F", str(paths.ssh_config)]),
        # Every lab has the same addresses: connections to another lab's hosts must not be shared.
        "ansible_control_path_dir": str(paths.ssh_sockets),
    }
    document = {"all": {"vars": variables, "hosts": hosts, "children": groups}}
    return yaml.safe_dump(document, sort_keys=False)
