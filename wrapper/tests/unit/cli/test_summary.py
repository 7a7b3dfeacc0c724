# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from io import StringIO

from rich.console import Console

from patchops.cli.summary import print_summary

from ..reports import samples


def test_each_remedy_is_told_once_with_the_hosts_it_is_for() -> None:
    without = samples.outcome("unreachable", "python_missing", "python missing", "Install Python.")
    full = samples.outcome("refused", "no_space", "no room", "Free space.")
    hosts = [
        samples.host("web1", outcome=without),
        samples.host("web2", outcome=without),
        samples.host("db1", outcome=full),
    ]
    out = StringIO()
    print_summary(Console(file=out, width=200), samples.report(*hosts))
    assert "  web1, web2: Install Python.\n" in out.getvalue()
    assert "  db1: Free space.\n" in out.getvalue()


def test_what_packages_do_not_take_back_is_listed_with_its_reason() -> None:
    out = StringIO()
    planned = samples.host("web1", way_back=samples.WAY_BACK)
    print_summary(Console(file=out, width=200), samples.report(planned, check_mode=True))
    assert "  apt (forward_only)  on web1: replaces itself\n" in out.getvalue()
    assert "  slapd (snapshot_only)  on web1: has data\n" in out.getvalue()
