# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A password is read once from a pipe, and nothing of it stays."""

from __future__ import annotations

from pathlib import Path

from patchops.runner.secrets import Secret, handed_over


def test_each_secret_is_read_from_the_file_its_option_names(tmp_path: Path) -> None:
    secrets = [Secret("--become-password-file", "sudo"), Secret("--vault-password-file", "vault")]

    with handed_over(secrets, tmp_path) as options:
        assert options[::2] == ["--become-password-file", "--vault-password-file"]
        assert [Path(path).read_text() for path in options[1::2]] == ["sudo\n", "vault\n"]

    assert list(tmp_path.iterdir()) == []


def test_a_secret_that_nobody_reads_is_taken_away(tmp_path: Path) -> None:
    with handed_over([Secret("--become-password-file", "sudo")], tmp_path):
        pass

    assert list(tmp_path.iterdir()) == []


def test_only_the_owner_can_open_the_pipe(tmp_path: Path) -> None:
    with handed_over([Secret("--become-password-file", "sudo")], tmp_path) as options:
        assert Path(options[1]).stat().st_mode & 0o077 == 0
        assert Path(options[1]).is_fifo()


def test_a_secret_does_not_show_in_its_repr() -> None:
    assert "sudo-secret" not in repr(Secret("--become-password-file", "sudo-secret"))
