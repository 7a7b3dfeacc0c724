# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run one module of the collection on a lab host, as an administrator would with ansible's ad-hoc command."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ansible_collections.patchops.fleet.plugins.module_utils as collection_code
from patchops_lab.errors import LabError
from patchops_lab.lab import Lab

# .../collections/ansible_collections/patchops/fleet/plugins/module_utils
_COLLECTIONS = Path(next(iter(collection_code.__path__))).parents[4]


def module_command(
    lab: Lab, host: str, module: str, arguments: Mapping[str, Any], check: bool = False
) -> list[str]:
    """Return the command that runs ``patchops.fleet.<module>`` on a host."""
    command = [sys.executable, "-m", "ansible", "adhoc", host, "-i", str(lab.paths.inventory)]
    command += ["-m", f"patchops.fleet.{module}"]
    # Ansible takes "{}" for text, and no action plugin takes a text.
    command += ["-a", json.dumps(dict(arguments))] if arguments else []
    command += ["-e", json.dumps({"patchops_document_store": {"kind": "none"}})]
    return command + (["--check", "--diff"] if check else [])


def module_environment(**more: str) -> dict[str, str]:
    """Return the environment for `module_command`."""
    return {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(_COLLECTIONS),
        "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.minimal",
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_DEPRECATION_WARNINGS": "0",
        **more,
    }


def run_module(
    lab: Lab, host: str, module: str, arguments: Mapping[str, Any], check: bool = False, **environment: str
) -> dict[str, Any]:
    """Run ``patchops.fleet.<module>`` on a host and return its result, whatever came of it.

    :raises LabError: ansible gave no result
    """
    call = begin_module(lab, host, module, arguments, check, **environment)
    return read_result(*call.communicate(timeout=900))


def begin_module(
    lab: Lab, host: str, module: str, arguments: Mapping[str, Any], check: bool = False, **environment: str
) -> "subprocess.Popen[str]":
    """Start ``patchops.fleet.<module>`` on a host; `read_result` takes what it prints."""
    return subprocess.Popen(
        module_command(lab, host, module, arguments, check),
        env=module_environment(**environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def read_result(stdout: str, stderr: str = "") -> dict[str, Any]:
    """Return the result in what ansible's ad-hoc command printed (``HOST | CHANGED => {...}``)."""
    _head, arrow, text = stdout.partition(" => ")
    if not arrow:
        raise LabError(f"ansible gave no result: {stdout[-500:]} {stderr[-500:]}")
    result: dict[str, Any] = json.JSONDecoder().raw_decode(text)[0]
    return result
