# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole driver over a script that stands in for zypper, and over repodata of its own."""

from __future__ import annotations

import gzip
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.shape import document
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import zypper as zypper_driver
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.installed import (
    parse_installed,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.zypper import (
    Zypper,
    answers,
    changes,
    command,
    configuration,
    installed,
)
from ansible_collections.patchops.fleet.plugins.module_utils.times import format_time

REPO = '<repo alias="{}" name="Updates" priority="{}" enabled="1" repo_gpgcheck="1"><url>{}</url></repo>'
UPDATE = '<update kind="package" name="{}" edition="{}" arch="x86_64"><source alias="{}"/></update>'
PACKAGE = (
    '<package type="rpm"><name>{name}</name><arch>x86_64</arch><version epoch="0" ver="{version}" rel="1"/>'
    '<checksum type="sha256">{repository}-{version}</checksum><size package="10" installed="30"/>'
    "<format><rpm:vendor>{vendor}</rpm:vendor><rpm:obsoletes>{obsoletes}</rpm:obsoletes></format></package>"
)
ADVISORY = (
    '<updates><update type="security"><id>SUSE-1</id><pkglist><collection>'
    '<package name="bash" version="2" release="1" arch="x86_64"/></collection></pkglist></update></updates>'
)
INSTALLED = "".join(
    f"{name}\t1-1\tx86_64\t1\t20\t{name}-1-1.src.rpm\t\tSUSE LLC\n" for name in ("bash", "libold", "zsh")
)


class Host:
    """A host with zypper: what each of zypper's commands prints, and what its repositories hold."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.zypper = directory / "zypper"
        self.zypper.write_text(
            "#!/bin/sh\nfor word; do case $word in --*) ;; *) command=$word; break ;; esac; done\n"
            f"all=; case \" $* \" in *' --all '*|*' --force-resolution '*) all=-all ;; esac\n"
            f"cd {directory}/said; cat $command$all.xml 2> /dev/null || cat $command.xml\n"
            "rc=$command$all.rc; test -e $rc || rc=$command.rc; exit $(cat $rc 2> /dev/null || echo 0)\n"
        )
        self.zypper.chmod(0o755)
        (directory / "said").mkdir()
        self.repositories: list[str] = []
        for name in ("repos", "list-updates", "update", "install", "refresh"):
            self.says(name, "")

    def says(self, name: str, text: str, rc: int = 0) -> None:
        (self.directory / "said" / f"{name}.xml").write_text(f"<?xml version='1.0'?><stream>{text}</stream>")
        (self.directory / "said" / f"{name}.rc").write_text(str(rc))

    def repository(self, alias: str, *packages: str, priority: int = 99, advisories: str = "") -> None:
        self.repositories.append(REPO.format(alias, priority, f"http://user@mirror/{alias}"))
        self.says("repos", "<repo-list>" + "".join(self.repositories) + "</repo-list>")
        directory = self.directory / "raw" / alias / "repodata"
        directory.mkdir(parents=True)
        files = {"primary": f"<metadata>{''.join(packages)}</metadata>", "updateinfo": advisories}
        for kind, text in files.items():
            (directory / f"{kind}.xml.gz").write_bytes(gzip.compress(text.encode()))
        data = "".join(
            f'<data type="{kind}"><location href="repodata/{kind}.xml.gz"/></data>'
            for kind in files
            if files[kind]
        )
        (directory / "repomd.xml").write_text(f"<repomd>{data}</repomd>")

    def offers(self, *updates: tuple[str, str, str], everything: bool = False) -> None:
        text = "".join(UPDATE.format(*one) for one in updates)
        self.says("list-updates-all" if everything else "list-updates", text)


def package(
    name: str, version: str, repository: str = "updates", vendor: str = "SUSE LLC", obsoletes: str = ""
) -> str:
    return PACKAGE.format(
        name=name, version=version, repository=repository, vendor=vendor, obsoletes=obsoletes
    )


def summary(**sections: str) -> str:
    parts = [f"<to-{name}>{text}</to-{name}>" for name, text in sections.items()]
    return "<install-summary>" + "".join(parts) + "</install-summary>"


def solvable(name: str, version: str, old: str = "") -> str:
    before = f' edition-old="{old}" arch-old="x86_64"' if old else ""
    return f'<solvable type="package" name="{name}" edition="{version}" arch="x86_64"{before}/>'


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    made = Host(tmp_path)
    monkeypatch.setattr(command, "_ASKING", [str(made.zypper), "--xmlout", "--non-interactive"])
    monkeypatch.setattr(configuration, "metadata_directory", lambda: str(tmp_path / "raw"))
    monkeypatch.setattr(installed, "read_installed", lambda automatic: parse_installed(INSTALLED, automatic))
    monkeypatch.setattr(changes, "_check_writable", lambda: None)
    return made


def plan(allow_removals: bool = False, **selection: Any) -> dict[str, Any]:
    made: dict[str, Any] = document(Zypper().plan(selection, allow_removals))
    return made


def test_an_update_carries_what_only_repodata_knows(host: Host) -> None:
    host.repository("updates", package("bash", "2"), advisories=ADVISORY)
    host.offers(("bash", "2-1", "updates"))
    (update,) = Zypper().updates()
    assert (update["installed"], update["candidate"], update["suite"]) == ("1-1", "2-1", "updates")
    assert (update["sha256"], update["security"]) == ("updates-2", True)
    assert [one["id"] for one in update["advisories"]] == ["SUSE-1"]


def test_what_is_offered_but_can_not_come_by_itself_is_an_update_too(host: Host) -> None:
    host.repository("updates", package("bash", "2"))
    host.offers()
    host.offers(("bash", "2-1", "updates"), everything=True)
    assert [(one["name"], one["held"], one["blocked"]) for one in Zypper().updates()] == [
        ("bash", False, False)
    ]


def test_an_update_in_a_plain_directory_is_told_and_left_out_of_a_plan(host: Host) -> None:
    host.repository("plain")
    host.offers(("bash", "2-1", "plain"))
    (update,) = Zypper().updates()
    assert (update["candidate"], update["sha256"]) == ("2-1", None)
    host.says("update", summary(upgrade=solvable("bash", "2-1", "1-1")))
    made = plan(select="all")
    assert made["packages"] == []
    assert [(one["name"], one["cause"]) for one in made["held"]] == [("bash", "unchecked")]


def test_a_version_of_another_vendor_or_of_a_repository_that_stands_back_is_none(host: Host) -> None:
    host.repository("updates", package("bash", "1"), package("zsh", "2", vendor="Packman"))
    host.repository("extra", package("bash", "2", "extra"), priority=120)
    host.offers()
    host.offers(("bash", "2-1", "extra"), ("zsh", "2-1", "updates"), everything=True)
    assert Zypper().updates() == []


def test_a_named_package_is_not_taken_from_another_vendor(host: Host) -> None:
    host.repository("updates", package("bash", "2"), package("bash", "3", vendor="Packman"))
    host.says("install", summary(upgrade=solvable("bash", "2-1", "1-1")))
    assert [one["to"] for one in plan(packages=["bash"])["packages"]] == ["2-1"]
    with pytest.raises(DriverError) as caught:
        plan(packages=["bash=3-1"])
    assert caught.value.code == "version_unknown"


def test_an_installed_package_is_of_the_repository_that_offers_its_version(host: Host) -> None:
    host.repository("updates", package("bash", "1"), package("zsh", "2"))
    assert {one["name"]: one["suite"] for one in Zypper().installed()} == {
        "bash": "updates",
        "libold": None,
        "zsh": None,
    }


def test_a_plan_has_the_sum_of_the_repository_that_zypper_prefers(host: Host) -> None:
    host.repository("extra", package("bash", "2", "extra"), priority=120)
    host.repository("updates", package("bash", "2"))
    host.says("install", summary(upgrade=solvable("bash", "2-1", "1-1")))
    made = plan(packages=["bash"])
    (change,) = made["packages"]
    assert (change["action"], change["from"], change["to"]) == ("upgrade", "1-1", "2-1")
    assert (change["sha256"], change["suite"]) == ("updates-2", "updates")
    assert (made["download_bytes"], made["disk_bytes"]) == (10, 10)


def test_a_removal_that_nothing_replaces_has_to_be_allowed(host: Host) -> None:
    host.repository("updates", package("bash", "2"))
    host.says(
        "install",
        "<prompt><description>Problem: bash conflicts with zsh\n Solution 1: x</description></prompt>",
        4,
    )
    host.says("install-all", summary(upgrade=solvable("bash", "2-1", "1-1"), remove=solvable("zsh", "1-1")))
    with pytest.raises(DriverError, match="needs the removal of zsh") as caught:
        plan(packages=["bash"])
    assert caught.value.code == "removals_needed"
    allowed = plan(True, packages=["bash"])
    assert {(one["name"], one["action"]) for one in allowed["packages"]} == {
        ("bash", "upgrade"),
        ("zsh", "remove"),
    }


def test_what_a_new_package_obsoletes_is_replaced_and_needs_no_leave(host: Host) -> None:
    entry = '<rpm:entry name="libold" flags="LT" ver="2"/>'
    host.repository("updates", package("libnew", "2", obsoletes=entry))
    host.says("update", summary(install=solvable("libnew", "2-1"), remove=solvable("libold", "1-1")))
    changed = {one["name"]: one for one in plan(select="all")["packages"]}
    assert (changed["libold"]["action"], changed["libold"]["replaced_by"]) == ("remove", "libnew")
    assert "beside" not in changed["libnew"]
    assert [(one["name"], one["replaced_by"]) for one in Zypper().updates()] == [("libold", "libnew")]


def test_one_more_version_of_a_kernel_lies_beside_the_other(host: Host) -> None:
    host.repository("updates", package("bash", "2"))
    host.says("install", summary(install=solvable("bash", "2-1")))
    (change,) = plan(packages=["bash"])["packages"]
    assert (change["action"], change["from"], change["beside"]) == ("install", None, True)


def test_a_conflict_is_told_in_zyppers_words(host: Host) -> None:
    host.repository("updates", package("bash", "2"))
    host.says("install", "<message type='info'>Problem: nothing provides libx needed by bash</message>", 4)
    with pytest.raises(DriverError, match="zypper can't plan this: nothing provides libx") as caught:
        plan(packages=["bash"])
    assert caught.value.code == "unsatisfiable"


def test_what_zypper_leaves_out_without_a_word_is_an_error(host: Host) -> None:
    host.repository("updates", package("bash", "2"))
    with pytest.raises(DriverError, match="zypper leaves out bash"):
        plan(packages=["bash"])


@pytest.mark.parametrize("name", ["-bash", "!bash", "bash zsh", "bash=2-1;x"])
def test_a_name_can_not_become_an_option_or_a_removal(host: Host, name: str) -> None:
    host.repository("updates", package(name, "2"))
    with pytest.raises(DriverError) as caught:
        plan(packages=[name])
    assert caught.value.code == "bad_arguments"
    assert Zypper().catalog().offers(name) == []


def test_repositories_that_never_were_read_are_told(host: Host) -> None:
    host.says("repos", "<repo-list>" + REPO.format("new", 99, "http://mirror") + "</repo-list>")
    (repository,) = Zypper().repositories()
    assert repository["error"] == "it was never read: its metadata is not on the host"
    assert repository["security"] is True


@pytest.mark.parametrize(("age", "status"), [(50, "ok"), (200, "expired")])
def test_a_repository_that_says_how_long_it_is_good_is_not_believed_after_that(
    host: Host, age: int, status: str
) -> None:
    host.repository("updates", package("bash", "2"), advisories=ADVISORY)
    directory = host.directory / "raw/updates/repodata"
    (directory / "suseinfo.xml").write_text("<suseinfo><expire>100</expire></suseinfo>")
    published = int(time.time()) - age
    named = (
        f'<data type="suseinfo"><location href="repodata/suseinfo.xml"/><timestamp>{published}</timestamp>'
    )
    index = (directory / "repomd.xml").read_text()
    (directory / "repomd.xml").write_text(index.replace("</repomd>", f"{named}</data></repomd>"))
    driver = Zypper()
    (repository,) = driver.repositories()
    assert repository["valid_until"] == format_time(published + 100)
    assert repository["expired"] is (status == "expired")
    assert driver.security_source([repository])["status"] == status


def test_a_refresh_names_the_repository_that_failed(host: Host) -> None:
    host.repository("updates", package("bash", "2"), advisories=ADVISORY)
    host.says(
        "refresh", "<message type='error'>Valid metadata not found at http://user@mirror/x</message>", 4
    )
    driver = Zypper()
    assert driver.refresh() == [
        {"repository": "updates", "message": "Valid metadata not found at http://mirror/x"}
    ]
    assert driver.repositories()[0]["error"] == "Valid metadata not found at http://mirror/x"
    assert driver.security_source(driver.repositories())["status"] == "unreadable"


def test_damaged_metadata_is_not_no_updates(host: Host) -> None:
    host.repository("updates", package("bash", "2"))
    (host.directory / "raw/updates/repodata/primary.xml.gz").write_bytes(b"\x1f\x8b damaged")
    with pytest.raises(DriverError, match="repository updates can't be read") as caught:
        Zypper().updates()
    assert caught.value.code == "repository_unreadable"
    assert [one["name"] for one in Zypper().installed()] == ["bash", "libold", "zsh"]


def test_a_package_that_is_there_twice_was_interrupted_unless_it_is_a_kernel(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    twice = INSTALLED + INSTALLED.replace("\t1-1\t", "\t2-1\t")
    monkeypatch.setattr(installed, "read_installed", lambda automatic: parse_installed(twice, automatic))
    monkeypatch.setattr(
        configuration, "installed_beside", lambda: configuration.Matching({"zsh"}, {"multiversion(kernel)"})
    )
    monkeypatch.setattr(installed, "names_providing", lambda _capability: {"libold"})
    driver = Zypper()
    assert driver.broken()["interrupted"] is True
    assert driver.duplicates() == [{"name": "bash", "arch": "x86_64", "version": "1-1"}]


def test_held_packages_are_left_out_of_a_plan_with_the_reason(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.repository("updates", package("bash", "2"))
    host.offers()
    host.offers(("bash", "2-1", "updates"), everything=True)
    monkeypatch.setattr(Zypper, "locks", lambda _self: answers.Locks({"bash"}, set()))
    assert plan(select="all")["held"] == [{"name": "bash", "reason": "held on the host", "cause": "hold"}]
    assert plan(packages=["bash"])["packages"] == []


@pytest.mark.parametrize(
    ("release", "fits"),
    [
        ({"ID": "sles", "ID_LIKE": "suse"}, True),
        ({"ID": "opensuse-leap", "ID_LIKE": "suse opensuse"}, True),
        ({"ID": "fedora"}, False),
        ({}, False),
    ],
)
def test_only_a_suse_is_driven_by_zypper(
    monkeypatch: pytest.MonkeyPatch, release: dict[str, str], fits: bool
) -> None:
    monkeypatch.setattr(zypper_driver, "read_os_release", lambda: release)
    monkeypatch.setattr(zypper_driver, "DATABASES", ("/",))
    monkeypatch.setattr(zypper_driver.shutil, "which", lambda program: f"/usr/bin/{program}")
    assert Zypper().available() is fits
