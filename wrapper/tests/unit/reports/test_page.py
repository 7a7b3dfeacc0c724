# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page needs nothing but itself, and nothing that a host says becomes part of it as anything but text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchops.reports.page import render_page, write_page

from . import samples

HOSTILE = "</title></style><script>alert(1)</script><img src=x onerror=alert(2)>\x1b[2J\u202e"


class Elements(HTMLParser):
    """The elements of a page and where they point."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.targets: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.targets += [value or "" for name, value in attributes if name in ("src", "href", "action")]


def elements(page: str) -> Elements:
    found = Elements()
    found.feed(page)
    return found


def everywhere(text: str) -> str:
    return render_page(
        samples.report(
            samples.host(
                text,
                outcome=samples.outcome("failed", text, text, text),
                os={"name": text},
                transaction={"id": text, "state": text},
                changes=[samples.SSL | {"name": text, "from": text, "to": text}],
                held=[text],
                blocked=[text],
                effective=text,
                verification={"ok": False, "checks": [{"check": text, "ok": False, "detail": text}]},
                security_source={"status": text},
                reboot={"required": True, "done": False, "kernel": text},
            ),
            run_id=text,
            playbook=text,
            started_at=text,
            gates=[{"at": text, "batch": text, "open": False, "reason": text}],
            patch_set={"id": text},
        )
    )


def test_the_answers_come_first() -> None:
    page = render_page(samples.report(samples.host("web1"), samples.not_started("web2")))

    order = ["1 of 2 hosts are patched", "Which are not, and why", "What changed where", "Host by host"]
    positions = [page.index(text) for text in order]
    assert positions == sorted(positions)


def test_nothing_is_fetched_and_nothing_runs() -> None:
    page = render_page(samples.report(samples.host("web1")))
    found = elements(page)

    assert "default-src 'none'" in page
    assert found.names.isdisjoint({"script", "img", "link", "iframe", "object", "form"})
    assert all(target.startswith("#") for target in found.targets)
    assert not re.search(r"url\(|@import", page)


def test_a_phone_paper_and_a_dark_room_are_thought_of() -> None:
    page = render_page(samples.report())

    assert "width=device-width" in page
    assert "@media print" in page
    assert "prefers-color-scheme: dark" in page


def test_hostile_text_stays_text_wherever_it_stands() -> None:
    page = everywhere(HOSTILE)

    assert elements(page).names.isdisjoint({"script", "img"})
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.fixture(scope="module")
def harmless() -> set[str]:
    return elements(everywhere("harmless")).names


@given(text=st.text(max_size=60))
def test_no_text_adds_an_element(harmless: set[str], text: str) -> None:
    # No word that means something to the page: a code of an outcome has a section of its own.
    no_word = f"{text} or so"
    assert elements(everywhere(no_word)).names == harmless


def test_a_change_on_a_large_fleet_names_some_hosts_and_counts_the_others() -> None:
    page = render_page(samples.report(*(samples.host(f"web{number:03}") for number in range(25))))

    assert re.search(r"web019\s+and 5 more", page)


def test_the_page_is_for_its_owner_alone(tmp_path: Path) -> None:
    write_page(samples.report(samples.host("web1")), tmp_path / "report.html")

    assert (tmp_path / "report.html").stat().st_mode & 0o077 == 0


def test_times_are_told_in_utc_with_how_long_it_took() -> None:
    page = render_page(samples.report())

    assert "2026-11-22 10:15 UTC" in page
    assert "took 2 min 42 s" in page
