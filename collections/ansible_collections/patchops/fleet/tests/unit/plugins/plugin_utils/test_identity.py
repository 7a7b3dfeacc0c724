# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One identity per inventory, host and process."""

from __future__ import annotations

import os
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import (
    HostKey,
    IdentityError,
    Inventory,
    labels,
    this_worker,
)

NAMES = st.text(string.ascii_letters + string.digits + "._-", min_size=1, max_size=20).map("n".__add__)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts))
LISTS = st.lists(NAMES, min_size=1, max_size=3).map(lambda names: ",".join(names) + ",")


def test_a_path_is_the_same_inventory_however_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "prod.yml").touch()
    (tmp_path / "link.yml").symlink_to("prod.yml")
    plain = Inventory.of([f"{tmp_path}/prod.yml"])

    assert Inventory.of([f"{tmp_path}/../{tmp_path.name}/prod.yml"]) == plain
    assert Inventory.of([f"{tmp_path}/link.yml"]).key == plain.key == f"{tmp_path}/prod.yml"


def test_an_inventory_behind_a_link_overlaps_with_itself_after_the_link_is_switched(tmp_path: Path) -> None:
    current = tmp_path / "current"
    for release in ("one", "two"):
        (tmp_path / release).mkdir()
        (tmp_path / release / "hosts.yml").touch()
    current.symlink_to("one")
    before = Inventory.of([f"{current}/hosts.yml"])
    current.unlink()
    current.symlink_to("two")
    after = Inventory.of([f"{current}/hosts.yml"])

    assert before.overlaps(after)
    assert before.overlaps(Inventory.of([f"{tmp_path}/one/hosts.yml"]))
    assert not after.overlaps(Inventory.of([f"{tmp_path}/one/hosts.yml"]))


def test_dots_behind_a_link_lead_out_of_its_target(tmp_path: Path) -> None:
    (tmp_path / "far" / "away").mkdir(parents=True)
    (tmp_path / "far" / "hosts.yml").touch()
    (tmp_path / "link").symlink_to("far/away")

    assert Inventory.of([f"{tmp_path}/link/../hosts.yml"]) == Inventory.of([f"{tmp_path}/far/hosts.yml"])


@pytest.mark.parametrize("below", ["", "europe/"])
def test_a_folder_overlaps_with_what_links_in_it_lead_to(tmp_path: Path, below: str) -> None:
    (tmp_path / "shared" / "nested").mkdir(parents=True)
    (tmp_path / "shared" / "nested" / "loop").symlink_to(tmp_path)
    (tmp_path / "hosts.yml").touch()
    folder = tmp_path / "inventory"
    (folder / below).mkdir(parents=True)
    (folder / below / "hosts.yml").symlink_to(tmp_path / "hosts.yml")
    (folder / below / "more").symlink_to(tmp_path / "shared" / "nested")

    assert Inventory.of([str(folder)]).overlaps(Inventory.of([f"{tmp_path}/hosts.yml"]))
    assert Inventory.of([f"{tmp_path}/shared/nested/x.yml"]).overlaps(Inventory.of([str(folder)]))
    assert Inventory.of([str(folder)]).key == str(folder)


def test_a_link_in_a_folder_of_variables_is_no_source(tmp_path: Path) -> None:
    (tmp_path / "inventory" / "group_vars").mkdir(parents=True)
    (tmp_path / "inventory" / "group_vars" / "all").symlink_to(tmp_path / "other")
    (tmp_path / "other").mkdir()

    folder = Inventory.of([f"{tmp_path}/inventory"])
    assert not folder.overlaps(Inventory.of([f"{tmp_path}/other"]))


def test_a_file_whose_name_has_a_comma_is_no_host_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rack1,rack2.yml").touch()
    monkeypatch.chdir(tmp_path)
    inventory = Inventory.of(["rack1,rack2.yml"])

    assert inventory == Inventory.of([f"{tmp_path}/rack1,rack2.yml"])
    assert inventory != Inventory.of(["rack1,rack3.yml"])
    assert inventory.sources == (f"{tmp_path}/rack1,rack2.yml",)
    assert not inventory.overlaps(Inventory.of([f"{tmp_path}/prod.yml"]))


def test_a_comma_in_a_path_does_not_make_it_two_paths(tmp_path: Path) -> None:
    (tmp_path / "a," / "b").mkdir(parents=True)
    one = Inventory.of([f"{tmp_path}/a,/b"])

    assert one.key != Inventory.of([f"{tmp_path}/a", "/b"]).key


def test_the_order_of_sources_and_names_makes_no_other_inventory() -> None:
    assert Inventory.of(["/b", "/a", "web2,web1"]) == Inventory.of(["web1,web2,", "/a", "/b", "/a"])


def test_a_name_comes_before_awx_and_awx_before_the_path() -> None:
    assert Inventory.of(["/runner/inventory"], "prod", 7, "https://awx").key == "prod"
    assert Inventory.of(["/runner/inventory"], None, 7, "https://awx/").key == "https://awx/#/inventories/7"
    assert Inventory.of(["/runner/inventory"]).key == "/runner/inventory"


@pytest.mark.parametrize(
    "address",
    [
        "https://AWX.example.org",
        "HTTPS://awx.example.org/",
        "https://awx.example.org:443//",
        " https://awx.example.org. ",
        "https://ops@awx.example.org",
        "awx.example.org",
    ],
)
def test_an_awx_is_the_same_however_its_address_is_written(address: str) -> None:
    assert Inventory.of([], None, 7, address).key == "https://awx.example.org/#/inventories/7"


def test_another_scheme_port_or_path_is_another_awx() -> None:
    addresses = ["https://a", "http://a", "https://a:8443", "https://a/Awx", "https://a/awx", "https://[::1]"]
    assert len({Inventory.of([], None, 7, address).key for address in addresses}) == len(addresses)


def test_an_address_of_awx_that_can_not_be_read_is_refused() -> None:
    with pytest.raises(IdentityError, match="address of AWX"):
        Inventory.of([], None, 7, "https://[awx")


def test_two_awx_with_equal_numbers_are_two_inventories() -> None:
    assert Inventory.of([], None, 7, "https://one") != Inventory.of([], None, 7, "https://other")


def test_a_play_tells_its_inventory_by_its_variables() -> None:
    of_awx = {"awx_inventory_id": "7", "ansible_inventory_sources": ["/runner/inventory/hosts"]}

    assert Inventory.of_play(of_awx, environ={"AWX_HOST": "https://awx"}).key == "https://awx/#/inventories/7"
    assert Inventory.of_play({"ansible_inventory_sources": ["/inv"]}, environ={}).key == "/inv"
    assert Inventory.of_play({"ansible_inventory_sources": ["/inv"]}, "prod", environ={}).key == "prod"
    assert Inventory.of_play({}, environ={}).key == ""


@given(NAMES, PATHS, LISTS, st.integers(0))
def test_no_two_kinds_of_inventories_share_a_key(name: str, path: str, hosts: str, number: int) -> None:
    kinds = [
        Inventory.of([path], name),
        Inventory.of([path], None, number, "https://awx"),
        Inventory.of([path]),
        Inventory.of([hosts]),
    ]
    assert len({inventory.key for inventory in kinds}) == len(kinds)


def test_an_empty_name_is_none() -> None:
    assert Inventory.of(["/inv"], "").key == "/inv"


@pytest.mark.parametrize(
    "name", ["/prod", "a,b", 7, ["prod"], "https://x", "x" * 101, "-x", "{{ x }}", "a\n"]
)
def test_what_is_no_name_is_refused_with_the_variable(name: object) -> None:
    with pytest.raises(IdentityError, match="patchops_inventory is"):
        Inventory.of(["/inv"], name)


@pytest.mark.parametrize("number", ["x", True, "1/2", -1, "²"])
def test_what_is_no_number_of_awx_is_refused(number: object) -> None:
    with pytest.raises(IdentityError, match="awx_inventory_id"):
        Inventory.of([], None, number)


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        (["/inv/prod.yml"], ["/inv/../inv/prod.yml"], True),
        (["/inv/prod.yml"], ["/inv/prod.yml", "/inv/extra.yml"], True),
        (["/inv"], ["/inv/prod.yml"], True),
        (["/inv/prod.yml"], ["/inv/staging.yml"], False),
        (["/inv/prod"], ["/inv/prod2"], False),
        (["web1,"], ["web1,web2,"], True),
        (["web1,"], ["/inv/prod.yml"], True),
    ],
)
def test_sources_overlap_where_one_name_can_mean_one_host(
    one: list[str], other: list[str], overlap: bool
) -> None:
    assert Inventory.of(one).overlaps(Inventory.of(other)) is overlap
    assert Inventory.of(other).overlaps(Inventory.of(one)) is overlap


def test_a_named_inventory_overlaps_with_the_same_sources_without_the_name() -> None:
    assert Inventory.of(["/inv/prod.yml"], "prod").overlaps(Inventory.of(["/inv/prod.yml"]))


def test_one_name_is_one_inventory_wherever_its_sources_lie() -> None:
    assert Inventory.of(["/here/prod.yml"], "prod").overlaps(Inventory.of(["/there/prod.yml"], "prod"))


def test_hosts_are_shown_by_their_name_unless_that_is_no_answer() -> None:
    one, other, alone = HostKey("/prod.yml", "web1"), HostKey("staging", "web1"), HostKey("staging", "db1")

    assert labels([one, other, alone, one]) == {
        one: "web1@/prod.yml",
        other: "web1@staging",
        alone: "db1",
    }
    assert labels([one, one]) == {one: "web1"}


def test_a_process_is_one_worker_and_its_child_another() -> None:
    mine = this_worker()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, this_worker().id.encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as told:
        theirs = told.read()

    assert this_worker() == mine
    assert theirs not in ("", mine.id)
    assert mine.pid == os.getpid()
