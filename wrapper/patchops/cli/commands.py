# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of `patchops` by group: where each is defined, and its line of `--help`.

A command's module is imported when the command is used: `patchops --help` and `patchops scan` need not wait
for the code of all the others.
"""

from __future__ import annotations

from typing import NamedTuple


class _Named(NamedTuple):
    """A command. place: "module:attribute"."""

    place: str
    summary: str


GROUPS: dict[str, dict[str, _Named]] = {
    "Change the fleet": {
        "scan": _Named(
            "patchops.cli.run:scan", "Ask every host what it is, what is installed, and what is pending."
        ),
        "patch": _Named(
            "patchops.cli.run:patch",
            "Install updates batch by batch, reboot and verify, and take back what fails.",
        ),
        "verify": _Named(
            "patchops.cli.run:verify", "Prove over a new connection that what was installed is in effect."
        ),
        "rollback": _Named(
            "patchops.cli.run:rollback",
            "Put the packages of a transaction back to what they were, and verify.",
        ),
        "reboot": _Named(
            "patchops.cli.run:reboot", "Reboot hosts that need it, with proof that they came back."
        ),
        "cleanup": _Named(
            "patchops.cli.run:cleanup",
            "Release the way back: commit transactions, unblock versions, free the space.",
        ),
    },
    "Ask about the fleet": {
        "plan": _Named(
            "patchops.cli.plan:plan",
            "Print what the rollout of a cycle would do: its rings, batches, windows and gates.",
        ),
        "assess": _Named(
            "patchops.cli.assess:assess",
            "Say for each host what is missing, exploited, due, without a fix, or can't be known.",
        ),
        "findings": _Named(
            "patchops.cli.findings:findings", "Show findings of the latest assessment, most urgent first."
        ),
        "cve": _Named(
            "patchops.cli.cve:cve",
            "Say who has a CVE, who is fixed, and who can't be known, by the last scan of each host.",
        ),
        "coverage": _Named(
            "patchops.cli.coverage:coverage",
            "Say which packages no feed covers, which feeds judge the others, and whether KEV is current.",
        ),
        "compare": _Named(
            "patchops.cli.compare:compare",
            "Join what vulnerability scanners found with our findings, CVE by CVE.",
        ),
        "export": _Named(
            "patchops.cli.findings:export", "Write the latest assessment as CycloneDX, OpenVEX or CSV."
        ),
        "status": _Named("patchops.cli.status:status", "Show the fleet as last seen, and the last runs."),
        "report": _Named("patchops.cli.report:report", "Show the report of a run and the path of its page."),
    },
    "Set up": {
        "close": _Named("patchops.cli.close:close", "End an interrupted run that nobody takes up again."),
        "init": _Named("patchops.cli.init:init", "Write a first policy for an inventory."),
        "policy": _Named(
            "patchops.cli.policy:policy", "Check a policy, and take VEX statements over as waivers."
        ),
        "calendar": _Named(
            "patchops.cli.calendar:calendar", "Print when the calendars of a policy occur next."
        ),
        "feeds": _Named(
            "patchops.cli.feeds:feeds",
            "Fill the advisory database with vendors' feeds, and say how old they are.",
        ),
        "doctor": _Named(
            "patchops.cli.doctor:doctor",
            "Check the controller and every host: login, become, Python, packages, space, clocks, versions.",
        ),
    },
}
COMMANDS = {name: named for group in GROUPS.values() for name, named in group.items()}
