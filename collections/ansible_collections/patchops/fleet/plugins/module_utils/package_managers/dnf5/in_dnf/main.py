# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer questions about dnf 5."""

from functools import partial
from typing import Iterable

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.shape import document
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import selection
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf5.in_dnf import (
    acting,
    opening,
    reading,
    solving,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf import (
    answering,
)


def main(questions: Iterable[str]) -> None:
    """Answer on standard output (see answering.py)."""
    opened = opening.Opened()
    answering.serve(
        questions,
        {
            "refresh": opening.refresh,
            "present": reading.present,
            "read": partial(reading.read, opened),
            "plan": lambda **asked: document(selection.make_plan(solving.Solver(opened), **asked)),
            "download": partial(acting.download, opened),
            "simulate": acting.simulate,
            "install": acting.install,
            "set_reasons": acting.set_reasons,
            "excludes": reading.excludes,
        },
        opening.explain,
    )
