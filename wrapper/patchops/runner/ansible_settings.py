# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user's ansible.cfg says: read here, because Ansible takes half a second to tell its settings."""

from __future__ import annotations

import configparser
import os
import stat
from collections.abc import Mapping
from pathlib import Path

_PIPELINING = "pipelining"
_PIPELINING_SECTIONS = ("defaults", "connection", "ssh_connection")
_PIPELINING_VARIABLES = ("ANSIBLE_PIPELINING", "ANSIBLE_SSH_PIPELINING")


def settings_file(environ: Mapping[str, str], directory: Path) -> Path | None:
    """The ansible.cfg that Ansible reads when it is started in `directory`, as its documentation says."""
    candidates = []
    if "ANSIBLE_CONFIG" in environ:
        named = directory / os.path.expanduser(environ["ANSIBLE_CONFIG"])
        candidates.append(named / "ansible.cfg" if named.is_dir() else named)
    if not directory.stat().st_mode & stat.S_IWOTH:
        candidates.append(directory / "ansible.cfg")
    home = Path(environ.get("HOME", "/"))
    candidates += [home / ".ansible.cfg", Path("/etc/ansible/ansible.cfg")]
    return next((one for one in candidates if one.is_file() and os.access(one, os.R_OK)), None)


def says_pipelining(environ: Mapping[str, str], directory: Path) -> bool:
    """Whether the user has decided on pipelining, in the environment or in ansible.cfg."""
    if any(name in environ for name in _PIPELINING_VARIABLES):
        return True
    path = settings_file(environ, directory)
    if path is None:
        return False
    settings = configparser.ConfigParser(interpolation=None, strict=False, inline_comment_prefixes=(";",))
    try:
        settings.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return True  # Ansible will say what is wrong with it
    return any(settings.has_option(section, _PIPELINING) for section in _PIPELINING_SECTIONS)
