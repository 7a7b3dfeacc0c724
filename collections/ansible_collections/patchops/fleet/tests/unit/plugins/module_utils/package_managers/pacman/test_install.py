# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What pacman 6.0.2 printed on a host of the lab, with exit code 0 where scripts and hooks fail."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman import (
    install,
    pacnew,
)

FAILED_SCRIPT = """\
:: Processing package changes...
upgrading lab-goodapp...
upgrading lab-failapp...
error: command failed to execute correctly
"""
FAILED_HOOK = """\
upgrading lab-goodapp...
:: Running post-transaction hooks...
(1/2) Arming ConditionNeedsUpdate...
(2/2) Updating linux initcpios...
==> ERROR: file not found: `fsck.btrfs'
error: command failed to execute correctly
"""
FILE_CONFLICT = """\
checking for file conflicts...
error: failed to commit transaction (conflicting files)
lab-goodapp: /usr/share/lab-goodapp/version exists in filesystem
Errors occurred, no packages were upgraded.
"""
NEEDED = """\
resolving dependencies...
error: failed to prepare transaction (could not satisfy dependencies)
:: unable to satisfy dependency 'lab-newcomer' required by lab-needsnew
"""


def test_a_failed_script_is_told_with_its_package() -> None:
    assert install.failures(FAILED_SCRIPT) == ["upgrading lab-failapp: its command failed"]


def test_a_failed_hook_is_told_by_its_name() -> None:
    assert install.failures(FAILED_HOOK) == ["Updating linux initcpios: its command failed"]


def test_a_change_without_a_failure_has_none() -> None:
    assert install.failures("upgrading lab-goodapp...\n(1/1) Arming ConditionNeedsUpdate...\n") == []


def test_of_a_log_the_newest_change_counts(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    log.write_text(
        f"+ pacman -U --config x a.pkg\n{FAILED_SCRIPT}+ pacman -U --config x b.pkg\nupgrading b...\n",
        encoding="utf-8",
    )
    assert install.failures(install.newest_change(str(log))) == []


def test_complaints_name_files_and_dependencies() -> None:
    assert install.complaint(FILE_CONFLICT) == (
        "error: failed to commit transaction (conflicting files); "
        "lab-goodapp: /usr/share/lab-goodapp/version exists in filesystem"
    )
    assert "unable to satisfy dependency 'lab-newcomer'" in install.complaint(NEEDED)
    assert install.complaint("") == "it said nothing"


def test_what_a_change_brought_beside_edited_files_goes_with_it(tmp_path: Path) -> None:
    log, old, new = (tmp_path / name for name in ("worker.log", "old.conf.pacnew", "new.conf.pacnew"))
    for path in (log, old, new):
        path.write_text("", encoding="utf-8")
    said = "".join(f"warning: {path.with_suffix('')} installed as {path}\n" for path in (old, new))
    assert pacnew.present(str(tmp_path)) == {str(old), str(new)}
    pacnew.note(said, {str(old)}, str(log))
    pacnew.remove(str(log))
    assert (old.exists(), new.exists()) == (True, False)
