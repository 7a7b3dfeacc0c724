# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.zypper import (
    configuration,
    marks_file,
    purging,
)


def test_locks_and_recommended_packages_do_not_decide_about_exact_files() -> None:
    host = "[main]\nmultiversion = provides:multiversion(kernel)\nlocksfile.apply = true\n"
    assert configuration.bare_configuration(host) == (
        "[main]\nlocksfile.apply = false\nsolver.cleandepsOnRemove = false\nsolver.onlyRequires = true\n"
        "multiversion = provides:multiversion(kernel)\n"
    )


@pytest.mark.parametrize("host", ["", "[main]", "## only comments\n"])
def test_a_configuration_without_settings_gets_them(host: str) -> None:
    assert "locksfile.apply = false\n" in configuration.bare_configuration(host)
    assert configuration.bare_configuration(host).count("[main]") == 1


def test_packages_side_by_side_are_those_that_the_host_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conf, more = tmp_path / "zypp.conf", tmp_path / "multiversion.d"
    conf.write_text("[main]\nmultiversion = provides:multiversion(kernel),kernel-rt\n")
    more.mkdir()
    (more / "mine.conf").write_text("# comment\nmytool\n")
    monkeypatch.setattr(configuration, "_CONFIGURATION", str(conf))
    monkeypatch.setattr(configuration, "_MULTIVERSION", str(more))
    assert configuration.installed_beside() == ({"kernel-rt", "mytool"}, {"multiversion(kernel)"})


def test_a_zypper_without_repositories_has_a_cache_of_its_own(tmp_path: Path) -> None:
    with configuration.without_repositories() as bare:
        places = dict(zip(bare.options[1::2], bare.options[2::2], strict=False))
        assert list(Path(places["--reposd-dir"]).iterdir()) == []
        assert Path(bare.env["ZYPP_CONF"]).is_file()
    assert not Path(places["--reposd-dir"]).exists()


def test_no_room_for_temporary_files_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_more: str) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(configuration.tempfile, "mkdtemp", full)
    with pytest.raises(DriverError, match="No space left") as caught, configuration.without_repositories():
        pass
    assert caught.value.code == "no_space"


def test_marks_change_by_name_and_the_rest_of_the_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "AutoInstalled"
    path.write_text("# AutoInstalled generated\n#\nlibold\nlibx\n#\n")
    monkeypatch.setattr(marks_file, "PATH", str(path))
    marks_file.change({"libnew"}, {"libx"})
    assert path.read_text() == "# AutoInstalled generated\n#\nlibold\n#\nlibnew\n"
    assert marks_file.read() == {"libold", "libnew"}


def test_a_purge_of_kernels_waits_until_it_is_taken_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flag = tmp_path / "do_purge_kernels"
    monkeypatch.setattr(purging, "FLAG", str(flag))
    monkeypatch.setattr(purging, "RECORD", str(tmp_path / "record"))
    purging.take_up()
    assert not flag.exists(), "nobody had asked for it"
    flag.touch()
    purging.put_off()
    assert not flag.exists()
    purging.take_up()
    assert flag.exists()
