# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment that a playbook sees, and where Ansible finds our own collection.

Only named variables pass: ansible-runner writes its environment to disk, and a shell's environment holds
tokens.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml

import patchops
from patchops.errors import InputError, PatchOpsError
from patchops.runner.ansible_settings import says_pipelining

# fmt: off
ALLOWED = frozenset([
    "HOME", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "LOGNAME", "PATH", "SHELL", "TERM",
    "TMPDIR", "TZ", "USER", "XDG_RUNTIME_DIR",
    "SSH_AUTH_SOCK", "KRB5CCNAME", "KRB5_CONFIG",
    "http_proxy", "https_proxy", "no_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
    "ALL_PROXY",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE",
    "ANSIBLE_CONFIG", "ANSIBLE_HOME", "ANSIBLE_LOCAL_TEMP", "ANSIBLE_REMOTE_TEMP",
    "ANSIBLE_REMOTE_USER", "ANSIBLE_PRIVATE_KEY_FILE", "ANSIBLE_SSH_ARGS", "ANSIBLE_SSH_COMMON_ARGS",
    "ANSIBLE_SSH_EXTRA_ARGS", "ANSIBLE_SSH_EXECUTABLE", "ANSIBLE_SSH_CONTROL_PATH_DIR",
    "ANSIBLE_PIPELINING", "ANSIBLE_SSH_PIPELINING", "ANSIBLE_TIMEOUT", "ANSIBLE_FORKS", "ANSIBLE_BECOME",
    "ANSIBLE_BECOME_METHOD", "ANSIBLE_BECOME_USER", "ANSIBLE_ROLES_PATH", "ANSIBLE_INVENTORY_ENABLED",
    "ANSIBLE_INVENTORY_PLUGINS", "ANSIBLE_PYTHON_INTERPRETER", "ANSIBLE_VAULT_PASSWORD_FILE",
    "ANSIBLE_VAULT_IDENTITY_LIST",
])
# fmt: on


def collections_root() -> Path:
    """The folder that holds our own `ansible_collections/patchops/fleet`.

    Found with Python's import system, not Ansible's, so a copy in the user's home is never taken for ours.
    Its version must be the wrapper's: both parts speak through documents that carry it.
    """
    spec = importlib.util.find_spec("ansible_collections.patchops.fleet")
    for location in (spec.submodule_search_locations or []) if spec else []:
        manifest = Path(location) / "galaxy.yml"
        if not manifest.is_file():
            continue
        version = yaml.safe_load(manifest.read_text(encoding="utf-8")).get("version")
        if version != patchops.__version__:
            raise PatchOpsError(
                f"The collection in {location} is version {version}, the wrapper is {patchops.__version__}.",
                "Install both from one package: `pip install --force-reinstall patchops`.",
            )
        return Path(location).parents[2]
    raise PatchOpsError(
        "The collection patchops.fleet is missing from this Python installation.",
        "Install PatchOps again: `pip install --force-reinstall patchops`.",
    )


def executable(name: str) -> str:
    """The absolute path of one of Ansible's commands, the one beside this Python first."""
    beside = Path(sys.executable).parent / name
    if os.access(beside, os.X_OK):
        return str(beside)
    found = shutil.which(name)
    if found is None:
        raise PatchOpsError(f"The command {name} was not found.", "Install ansible-core beside PatchOps.")
    return found


def build(
    environ: Mapping[str, str], pass_names: Iterable[str], collections: Path, directory: Path = Path()
) -> dict[str, str]:
    """The environment for Ansible in `directory`: what is allowed or named from `environ`, then what is ours.

    A name in `pass_names` that is not set is refused: whoever asks for a token to be passed wants to know
    that it isn't there before the first host is touched.
    """
    requested = tuple(pass_names)
    missing = [name for name in requested if name not in environ]
    if missing:
        raise InputError(
            f"--pass-env names variables that are not set: {', '.join(missing)}.", "Export them first."
        )
    kept = {name: value for name, value in environ.items() if name in ALLOWED or name in requested}
    if not says_pipelining(environ, directory):
        # Half the round trips, and a connection that breaks doesn't take what runs on the host along.
        kept["ANSIBLE_PIPELINING"] = "True"
    search = [str(collections), *filter(None, [environ.get("ANSIBLE_COLLECTIONS_PATH")])]
    if "ANSIBLE_COLLECTIONS_PATH" not in environ:
        search += [os.path.expanduser("~/.ansible/collections"), "/usr/share/ansible/collections"]
    return kept | {
        "ANSIBLE_COLLECTIONS_PATH": ":".join(search),
        # ansible-runner turns this off unless it is set.
        "ANSIBLE_HOST_KEY_CHECKING": "True",
        "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "True",
        # Other strategies let a host run ahead of its batch.
        "ANSIBLE_STRATEGY": "linear",
        # Task arguments can hold passwords and would be written to the events.
        "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "False",
        "ANSIBLE_NOCOLOR": "1",
    }
