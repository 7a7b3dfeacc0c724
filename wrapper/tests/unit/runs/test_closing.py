# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from patchops.errors import ExitCode
from patchops.reports.model import read_report
from patchops.runs.closing import closing
from patchops.runs.outcome import Verdict

from ..reports import samples

DONE = Verdict("done", ExitCode.DONE, "")


def reboot_on_record(**host: Any) -> bool | None:
    report = read_report(samples.document(samples.host("a", **host)), "it")
    (facts,) = closing(report, DONE, 0).facts
    return facts.reboot_required


@pytest.mark.parametrize(
    ("done", "effective", "on_record"),
    [(True, "yes", False), (True, "no", True), (False, "unknown", True)],
)
def test_a_reboot_that_was_done_and_is_in_effect_is_no_longer_required(
    done: bool, effective: str, on_record: bool
) -> None:
    reboot = {"required": True, "done": done, "boot_id_changed": done, "kernel": None}
    assert reboot_on_record(reboot=reboot, effective=effective) is on_record


def test_what_is_not_known_of_a_reboot_leaves_the_record_as_it_is() -> None:
    assert reboot_on_record(reboot=None) is None
