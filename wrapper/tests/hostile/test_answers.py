# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that owns its interpreter answers whatever it likes; controller and other hosts take no harm."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.payload import compress, encode
from ansible_collections.patchops.fleet.tests.unit.plugins.plugin_utils import honest_answers

from .liar import Ended, Fleet

NAMES = ("evil", "web1", "web2")


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    return Fleet(tmp_path, *NAMES)


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    """A task file on the controller that a host names; it leaves a file where it runs."""
    path = tmp_path / "tasks.yml"
    path.write_text(
        f"- {{name: Owned, ansible.builtin.file: {{path: {tmp_path}/owned, state: touch}}, "
        "delegate_to: localhost, vars: {ansible_python_interpreter: /usr/bin/python3}}\n"
    )
    return path


def facts(fleet: Fleet, tasks: Path) -> dict[str, Any]:
    """The facts that steered a run when they were taken from an answer."""
    return {
        "patchops_document_store": {"kind": "directory", "path": str(fleet.directory / "group_vars/all")},
        "patchops_report_plan": {"targets": ["evil"]},
        "patchops_report_fail_on": [],
        "patchops_hook_drain": str(tasks),
        "patchops_hook_undrain": str(tasks),
        "patchops_intermittent": True,
        "patchops_reboot_at_once": 5,
        "patchops_inventory": "other",
        "patchops_run_id": "other",
        "awx_inventory_id": "no number",
        "ansible_limit": "all",
    }


def test_facts_stats_and_hosts_in_an_answer_steer_nothing(fleet: Fleet, tasks: Path) -> None:
    fleet.always_lies(
        "evil",
        ansible_facts=facts(fleet, tasks),
        ansible_stats={"data": {"ansible_ssh_common_args": "-o ProxyCommand=evil", "patchops_select": "all"}},
        add_host={"host_name": "stranger", "host_vars": {"patchops_select": "all"}},
        document="/dev/zero",
    )
    run = fleet.play("patch", hosts="all")
    assert run.rc == 0
    assert run.classes() == dict.fromkeys(NAMES, "ok")
    assert run.report["totals"]["hosts"] == 3
    assert not (fleet.directory / "group_vars").exists()
    assert not (fleet.directory / "owned").exists()
    assert "ProxyCommand" not in run.output
    assert "\nstranger" not in run.output
    assert list(fleet.store.glob("hosts/evil*/host.json"))


def test_a_store_that_an_answer_names_is_not_asked_and_gets_no_token(fleet: Fleet, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret")
    store = {"kind": "http", "url": "http://127.0.0.1:1/", "token_file": str(tmp_path / "token")}
    fleet.always_lies("evil", ansible_facts={"patchops_document_store": store})
    run = fleet.play("verify")
    assert run.classes() == dict.fromkeys(NAMES, "ok")
    assert "127.0.0.1:1" not in run.output


def test_facts_of_a_cache_refuse_their_host_in_the_plan(fleet: Fleet, tasks: Path, tmp_path: Path) -> None:
    cached = {
        "ANSIBLE_CACHE_PLUGIN": "ansible.builtin.jsonfile",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(tmp_path / "cache"),
    }
    remember = tmp_path / "remember.yml"
    setting = {"ansible.builtin.set_fact": {**facts(fleet, tasks), "cacheable": True}}
    remember.write_text(json.dumps([{"hosts": "evil", "gather_facts": False, "tasks": [setting]}]))
    assert fleet.play(str(remember), environment=cached).rc == 0
    run = fleet.play("patch", environment=cached, hosts="all")
    assert run.classes() == {"evil": "refused", "web1": "ok", "web2": "ok"}
    assert run.outcome("evil")["code"] == "facts_refused"
    assert "evil: its facts set variables of PatchOps (awx_inventory_id, limit, " in run.output
    assert not (fleet.directory / "group_vars").exists()
    assert not (fleet.directory / "owned").exists()


def test_a_fact_names_no_hosts_where_a_person_has_to(fleet: Fleet, tmp_path: Path) -> None:
    playbook = tmp_path / "site.yml"
    playbook.write_text(
        "- hosts: evil\n  gather_facts: false\n  tasks:\n"
        "    - ansible.builtin.set_fact: {ansible_limit: all, cacheable: true}\n"
        "- import_playbook: patchops.fleet.patch\n"
    )
    run = fleet.play(str(playbook))
    assert run.rc != 0
    assert "patch changes hosts, and no hosts were named. Nothing was done." in run.output
    assert not run.report


@pytest.mark.parametrize("module", ["ping", "setup"])
def test_a_hook_that_asks_a_lying_host_gives_it_no_say(
    fleet: Fleet, tasks: Path, tmp_path: Path, module: str
) -> None:
    drain = tmp_path / "drain.yml"
    drain.write_text(f"- {{name: Ask the host, ansible.builtin.{module}: }}\n")
    fleet.lies("evil", "ping", ansible_facts=facts(fleet, tasks))
    hosts = json.loads(fleet.inventory.read_text())
    hosts["all"]["vars"]["patchops_hook_drain"] = str(drain)
    fleet.inventory.write_text(json.dumps(hosts))
    run = fleet.play("patch", hosts="all", serial=1)
    assert run.report["run_id"] == "run"
    assert run.report["inventory"] == str(fleet.inventory.resolve())
    assert run.classes() == {"evil": "refused", "web1": "ok", "web2": "ok"}
    assert not (fleet.directory / "owned").exists()
    assert not (fleet.directory / "group_vars").exists()


def test_a_fact_that_a_user_sets_cacheable_refuses_the_host_by_name(fleet: Fleet, tmp_path: Path) -> None:
    playbook = tmp_path / "site.yml"
    playbook.write_text(
        "- hosts: web1\n  gather_facts: false\n  tasks:\n"
        "    - ansible.builtin.set_fact: {patchops_select: all, cacheable: true}\n"
        "- import_playbook: patchops.fleet.verify\n"
    )
    run = fleet.play(str(playbook))
    assert run.classes() == {"evil": "ok", "web1": "refused", "web2": "ok"}
    assert "web1: its facts set variables of PatchOps (patchops_select)" in run.outcome("web1")["message"]


def bomb() -> str:
    """50 million lists within one another, in 65 KB."""
    return base64.b64encode(compress(b"[" * 50_000_000)).decode()


def surrogate() -> str:
    """A document with half of a character in the name of a package."""
    document = honest_answers.host_document("evil")
    document["packages"][0]["name"] = "bash\udc80"
    return encode(document)


LIES: dict[str, tuple[str, dict[str, Any]]] = {
    "state_is_no_text": ("transaction:staged", {"transaction": {"id": "abc", "state": {"x": 1}}}),
    "waits_for_ever": ("transaction:applied", {"confirm": {"state": "pending", "within": 10**12}}),
    "lives_without_an_id": ("transaction:applied", {"live": True, "transaction": None}),
    "no_machine": ("host_info", {"host": {"machine": {"a": 1}}}),
    "no_verification": ("verify", {"verification": 5}),
    "bomb": ("host_info", {"patchops_payload": bomb()}),
    "surrogate": ("host_info", {"patchops_payload": surrogate()}),
}


def test_each_host_with_a_malformed_answer_is_unknown_and_the_others_go_on(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, *LIES, "web1")
    for name, (operation, lie) in LIES.items():
        fleet.lies(name, operation, **lie)
    run = fleet.play("patch", hosts="all")
    assert run.classes() == {**dict.fromkeys(LIES, "unknown"), "web1": "ok"}
    for name in LIES:
        assert f"{name} gave an answer that can't be used: " in run.outcome(name)["message"]


def test_keys_of_ansible_in_an_answer_are_dropped_whatever_their_form(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, "evil", "web1")
    fleet.lies("evil", "verify", ansible_facts=5, warnings={"a": 1}, stdout=5, failed="yes", results=7)
    run = fleet.play("patch", hosts="all")
    assert run.classes() == {"evil": "ok", "web1": "ok"}


def copies(fleet: Fleet, name: str) -> None:
    """Have the first host give the identity of another one."""
    lie = honest_answers.host_info(name)
    fleet.lies("evil", "host_info", host=lie["host"], patchops_payload=lie["patchops_payload"])


def test_a_host_that_copies_another_has_both_refused_where_no_record_tells_and_no_third(fleet: Fleet) -> None:
    copies(fleet, "web1")
    run = fleet.play("patch", hosts="all")
    assert run.classes() == {"evil": "refused", "web1": "refused", "web2": "ok"}
    for one, other in (("evil", "web1"), ("web1", "evil")):
        assert (
            f"{one}: it says that it is the same running machine as {other} " in run.outcome(one)["message"]
        )
        assert f"Refused: {one}: it says that it is the same running machine as {other} " in unfolded(run)


def test_a_host_that_copies_one_that_is_on_record_is_refused_and_stays_the_newcomer(fleet: Fleet) -> None:
    fleet.play("scan")
    copies(fleet, "web1")
    fleet.play("scan")
    run = fleet.play("patch", hosts="all")
    assert run.classes() == {"evil": "refused", "web1": "ok", "web2": "ok"}
    assert run.outcome("evil")["code"] == "same_machine"
    assert "as web1 " in run.outcome("evil")["message"]


def unfolded(run: Ended) -> str:
    """Return what a run printed without the line breaks of warnings."""
    return " ".join(run.output.split())
