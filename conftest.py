# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One pytest run is every check there is; this file says in which order and who shares what."""

from __future__ import annotations

import hashlib
import os
import secrets

import pytest
from hypothesis import settings

SEED, EXAMPLES = "PATCHOPS_SEED", "PATCHOPS_EXAMPLES"
# Set before other conftest.py files are read and before the workers start, which inherit it.
os.environ.setdefault(SEED, secrets.token_hex(4))
# A core that also runs lab hosts says nothing about the time that an example takes.
settings.register_profile(
    "patchops",
    parent=settings(),
    deadline=None,
    max_examples=int(os.environ.get(EXAMPLES) or settings().max_examples),
)
settings.load_profile("patchops")


def _stage(item: pytest.Item) -> int:
    """Return when a test runs: first what fails within seconds, then the lab, beside it the slow gates."""
    if item.get_closest_marker("fast"):
        return 0
    if item.get_closest_marker("lab"):
        return 2
    return 3 if item.path.parent.name in ("gates", "packaging") else 1


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    # Hypothesis takes a number.
    if config.option.hypothesis_seed is None:
        digest = hashlib.sha256(os.environ[SEED].encode()).hexdigest()
        config.option.hypothesis_seed = str(int(digest[:16], 16))


def pytest_report_header() -> str:
    return f"drawn at random: {SEED}={os.environ[SEED]}, {settings().max_examples} examples of each property"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_stage)
    for item in items:
        # Tests of one file share hosts, so they follow one another on one worker, which starts its lab once.
        if item.get_closest_marker("lab") and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if "lab" in report.keywords]
    if not skipped:
        return
    reasons = sorted({report.longrepr[2].removeprefix("Skipped: ") for report in skipped})
    terminalreporter.section("NOT TESTED ON REAL HOSTS", sep="!", red=True, bold=True)
    terminalreporter.line(f"{len(skipped)} tests were skipped, because there is no lab here:", red=True)
    for reason in reasons:
        terminalreporter.line(f"  {reason}", red=True)
