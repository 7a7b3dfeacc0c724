# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of a run carries words of hosts: shown on a terminal it must be text alone."""

from pathlib import Path

from patchops.runner.process import make_plain


def test_control_characters_in_the_log_are_made_visible(tmp_path: Path) -> None:
    log = tmp_path / "stdout"
    log.write_bytes(b"ok: [web1]\r\n[WARNING]: \x1b]0;owned\x07\x1b[2J\xc2\x9b31m bad \xff byte\n")
    make_plain(log)
    assert log.read_text(encoding="ascii").splitlines() == [
        "ok: [web1]",
        "[WARNING]: \\x1b]0;owned\\x07\\x1b[2J\\x9b31m bad \\udcff byte",
    ]
    assert log.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [log]


def test_a_run_without_a_log_is_no_error(tmp_path: Path) -> None:
    make_plain(tmp_path / "stdout")
    assert list(tmp_path.iterdir()) == []
