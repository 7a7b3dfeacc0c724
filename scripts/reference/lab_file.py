# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of the lab file: the settings of a host, from the class that they are read into."""

from __future__ import annotations

import inspect
import re
from dataclasses import MISSING, fields

import markup
from patchops_lab.lab_file import parse_lab
from patchops_lab.spec import HostSpec

_SETTING = re.compile(r"^:ivar (\w+): (.+?)(?=\n:|\Z)", re.MULTILINE | re.DOTALL)


def lab_file() -> str:
    """Return what a lab file may hold, with the defaults."""
    described = dict(_SETTING.findall(inspect.getdoc(HostSpec) or ""))
    rows = [
        [f"`{item.name}`", "" if item.default is MISSING else f"`{item.default}`", " ".join(text.split())]
        for item in fields(HostSpec)
        if (text := described.get(item.name))
    ]
    keys = (inspect.getdoc(parse_lab) or "").split("\n\n")[1]
    table = markup.table(["setting", "default", "means"], rows)
    return "\n\n".join(["# Lab file", "YAML. " + " ".join(keys.split()), "## Settings of a host", table])
