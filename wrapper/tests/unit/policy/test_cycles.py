# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from patchops.errors import InputError
from patchops.policy.model import (
    Amount,
    Approval,
    Check,
    CommandGate,
    Cycle,
    HttpGate,
    InFlight,
    Notice,
    Once,
    Recipient,
    Scope,
)
from patchops.policy.rollouts import examine, load_rollout_policy

from .rollout_policy import POLICY, TODAY, write_site


def load(folder: Path, policy: str = POLICY) -> Cycle:
    return load_rollout_policy(write_site(folder, policy), TODAY).cycles["monthly"]


def mistakes(folder: Path, policy: str) -> list[str]:
    path = write_site(folder, policy)
    with pytest.raises(InputError) as refused:
        load_rollout_policy(path, TODAY)
    told = refused.value.details or (refused.value.message,)
    return [line.removeprefix(f"{path}:") for line in told]


def warnings(folder: Path, policy: str) -> list[str]:
    path = write_site(folder, policy)
    checked = examine(path, TODAY)
    return [checked.text.told(warning).removeprefix(f"{path}:") for warning in checked.warnings]


def test_a_cycle_is_read_with_its_names_resolved(tmp_path: Path) -> None:
    cycle = load(tmp_path)
    assert (cycle.inventory, cycle.hosts, cycle.starts) == ("prod", "linux:!appliances", "patched")
    assert (cycle.jitter, cycle.deadline, cycle.cutoff) == (
        timedelta(minutes=10),
        timedelta(days=14),
        timedelta(minutes=30),
    )
    assert cycle.on_breach is Scope.BATCH
    assert cycle.gates["board"] == Approval("board", ("ann", "bob"))
    assert cycle.gates["ticket"] == CommandGate(
        "ticket", ("/usr/local/bin/change-open", "{rollout}"), Once.RING
    )
    assert cycle.gates["ready"] == HttpGate("ready", "https://status.example.com/ready")
    assert cycle.notices[0] == Notice(("ops",), before=timedelta(days=1))
    assert cycle.rings[0].checks == (Check("testinfra", str(tmp_path / "tests/shop.py")),)
    assert cycle.rings[2].max_in_flight == InFlight(Amount(10), {"site": 2})
    assert cycle.rings[2].batches == (Amount(1), Amount(10, percent=True), Amount(100, percent=True))


def test_the_first_two_rings_may_lose_no_host_and_later_ones_five_percent(tmp_path: Path) -> None:
    rings = load(tmp_path).rings
    assert [str(ring.max_failures) for ring in rings] == ["0", "0", "2%", "5%"]
    assert [str(ring.min_effective) for ring in rings] == ["90%", "100%", "90%", "90%"]


def test_what_is_not_given_has_the_defaults_of_the_model(tmp_path: Path) -> None:
    cut = POLICY.index("    hosts: ")
    rings = "    rings: [{name: one, hosts: all}]\n"
    cycle = load(tmp_path, POLICY[:cut] + rings)
    assert cycle == replace(Cycle("monthly", "prod", "all", ()), rings=cycle.rings)
    assert cycle.starts is None


def test_recipients_are_commands_web_addresses_and_mail(tmp_path: Path) -> None:
    policy = POLICY + "  web: {webhook: 'https://hooks.example.com/x'}\n  box: {mail: [ops@example.com]}\n"
    recipients = load_rollout_policy(write_site(tmp_path, policy), TODAY).recipients
    assert recipients["web"] == Recipient("web", webhook="https://hooks.example.com/x")
    assert recipients["box"] == Recipient("box", mail=("ops@example.com",))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        # what is named has to exist
        ("inventory: prod", "inventory: pord", "there is no inventory 'pord'. Remedy: did you mean prod?"),
        (
            "starts: patched",
            "starts: patch",
            "starts: there is no calendar 'patch'. Remedy: did you mean patched?",
        ),
        ("[nights]", "[night]", "windows[0]: there is no calendar 'night'. Remedy: did you mean nights?"),
        (
            "[year_end, shop]",
            "[christmas]",
            "freezes[0]: there is no calendar 'christmas'. Remedy: known here",
        ),
        (
            "[ticket, board, ready]",
            "[tickets, board, ready]",
            "gates[0]: there is no gate 'tickets'. Remedy: did",
        ),
        (
            "to: [ops]}]",
            "to: [opps]}]",
            "notices[1].to[0]: there is no recipient 'opps'. Remedy: did you mean ops?",
        ),
        (
            "by: [change-board]",
            "by: [board]",
            "there is no group of people 'board'. Remedy: known here: change-board",
        ),
        ("inventories/prod.yml", "inventories/none.yml", "inventories.prod.sources[0]: there is no /"),
        ("inventories/prod.yml", '"web1,web2"', "sources[0]: a list of names is no inventory of a policy"),
        ("tests/shop.py", "tests/none.py", "rings[0].checks[0].testinfra: there is no file /"),
        # names
        ("name: canary", "name: staging", "rings[1].name: staging is given twice. Remedy: give it another"),
        (
            "hosts: early",
            "hosts: rest",
            "rings[3].hosts: two rings have hosts: rest. Remedy: give one of them",
        ),
        ("hosts: early", 'hosts: "early:rest"', "rings[2].hosts: rest can't be a part of a pattern. Remedy"),
        ("name: early", "name: rest", "rings[2].name: a ring called rest has hosts: rest. Remedy: give it"),
        (
            "[ann, bob]",
            "[ann, ann]",
            "people.change-board[1]: ann is given twice. Remedy: keep one of the two",
        ),
        ("[nights]", "[nights, nights]", "windows[1]: nights is given twice. Remedy: keep one of the two"),
        (
            "  nights:",
            "  manual:",
            "calendars.manual: manual means a start by hand. Remedy: give the calendar",
        ),
        # gates
        (
            "[ticket, board, ready]",
            "[ticket, board]",
            "gates.ready: no ring uses this gate. Remedy: name it in a",
        ),
        (
            "count: 1",
            "count: 3",
            "count: nobody can pass this gate: it wants 3 people, and change-board have 2",
        ),
        (
            "{rollout}",
            "{rolout}",
            "'{rolout}' has the unknown placeholder {rolout}. Remedy: known here: {rollout}",
        ),
        ("{rollout}", "{rollout!r}", "has the unknown placeholder {rollout}"),
        ("{rollout}", "{rollout", "'{rollout' has a brace without its other half. Remedy: known here"),
        (
            "/usr/local/bin/change-open",
            "change-open",
            "command[0]: 'change-open' is not an absolute path. Remedy",
        ),
        ("/usr/local/bin/tell", "tell", "recipients.ops.command[0]: 'tell' is not an absolute path"),
        (
            "once: ring}",
            "once: ring, http: {url: 'http://x'}}",
            "a gate is one kind, and this has command and http",
        ),
        (
            "timeout: 10s}",
            "once: ring}",
            "gates.ready.once: a gate with http has no once. Remedy: known here",
        ),
        ("within: 48h}", "within: 48h}, every: 5m", "gates.board.every: a gate with approval has no every"),
        ("within: 48h", "within: 0h", "within: '0h' is too short. Remedy: give at least 1s"),
        ("timeout: 10s", "timeout: 2h", "timeout: '2h' is too long. Remedy: give at most 1h"),
        # amounts and durations
        ('batches: [1, "10%", "100%"]', 'batches: [0, "10%"]', "batches[0]: a batch without hosts"),
        (
            'batches: [1, "10%", "100%"]',
            'batches: ["100%", 1]',
            "batches[0]: 100% leaves no host for the batches",
        ),
        ("max_in_flight: 5%", "max_in_flight: 0%", "rings[3].max_in_flight: nothing could ever start"),
        ("total: 10", "total: 0", "rings[2].max_in_flight.total: nothing could ever start"),
        (
            "soak: 2d",
            "soak: 2 fortnights",
            "rings[0].soak: '2 fortnights' is not a duration. Remedy: write for",
        ),
        ("soak: 2d", "soak: 900d", "rings[0].soak: '900d' is too long. Remedy: give at most 366d"),
        (
            "cutoff: 30m",
            "cutoff: 1:30",
            "cutoff: 90 is not a text; put it in quotes (YAML reads an unquoted 1:30",
        ),
        # time
        (
            "timezone: Europe/Berlin",
            "timezone: Europe/Berln",
            "timezone: the time zone 'Europe/Berln' is not known",
        ),
        (
            "deadline: 14d",
            "deadline: 4d",
            "deadline: the ring broad could never begin: the rings before it soak for 4d",
        ),
        (
            "cutoff: 30m",
            "cutoff: 4h",
            "windows[0]: nights lasts for 4h, not longer than the cutoff. Remedy: give a",
        ),
        (
            "jitter: 10m",
            "jitter: 6h",
            "jitter: a start could come after the end of patched (it lasts for 6h)",
        ),
        (
            "starts: patched",
            "starts: nights",
            "starts: the calendar nights is in the time zone of each host, and a",
        ),
        ("[year_end, shop]", "[nights]", "freezes: nights is a window, too: nothing could ever begin"),
        ("[nights]", "[year_end]", "freezes: year_end is a window, too: nothing could ever begin"),
        (
            "from: 2026-12-18, until: 2027-01-04",
            "from: 2026-11-18, until: 2029-01-04",
            "freezes: year_end, shop leave nothing of nights. Remedy: shorten",
        ),
        (
            "deadline: 14d",
            "deadline: 97h",
            "deadline: no window opens within 4d 1h after the start of 2026-12-11, ",
        ),
        (
            "from: 2026-12-18, until: 2027-01-04, reason: year end}",
            "from: 2026-11-18, until: 2026-11-20}\n  old: {from: 2025-01-01, until: 2025-01-02}",
            "",
        ),
        # notices, recipients, install
        (
            "{before: 24h, to: [ops]}",
            "{to: [ops]}",
            "notices[0]: a notice has either when or before. Remedy: keep",
        ),
        (
            "starts: patched",
            "starts: manual",
            "notices[0].before: a start by hand is not known before. Remedy",
        ),
        (
            "ops: {command: [/usr/local/bin/tell]}",
            "ops: {}",
            "a recipient is one kind, and this has none of them",
        ),
        (
            "install: baseline",
            "install: {}",
            "install: names neither or both of cves and packages. Remedy: give",
        ),
    ],
)
def test_each_mistake_is_told_with_its_place_and_remedy(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    assert old in POLICY
    policy = POLICY.replace(old, new, 1)
    if told:
        assert any(told in line for line in mistakes(tmp_path, policy)), mistakes(tmp_path, policy)
    else:
        load(tmp_path, policy)


def test_a_window_that_is_over_never_opens(tmp_path: Path) -> None:
    policy = POLICY.replace(
        "  nights: {rrule", "  past: {from: 2026-01-01, until: 2026-01-02}\n  nights: {rrule"
    )
    [told] = mistakes(tmp_path, policy.replace("[nights]", "[past]"))
    assert "windows[0]: past never opens within two years. Remedy: correct the calendar" in told


def test_every_mistake_is_told_at_once_those_of_form_and_those_of_sense(tmp_path: Path) -> None:
    policy = (
        POLICY.replace("inventory: prod", "inventory: pord")
        .replace("soak: 2d", "sok: 2d")
        .replace("count: 1", "count: 3")
        .replace('start: "22:00"', "start: 22:00")
        .replace("[halted", "[hlated")
    )
    assert [line.split(": ")[1] for line in mistakes(tmp_path, policy)] == [
        "calendars.nights.start",
        "cycles.monthly.rings[0].sok",
        "cycles.monthly.notices[1].when[0]",
        "cycles.monthly.gates.board.approval.count",
        "cycles.monthly.inventory",
    ]


def test_a_mistake_of_form_is_told_once(tmp_path: Path) -> None:
    [told] = mistakes(tmp_path, POLICY.replace("soak: 2d", "soak: 2"))
    assert "rings[0].soak: 2 is not a text" in told


@pytest.mark.parametrize(
    "junk", ["[]", "1", "null", "{rings: 1}", "{rings: [1, {}]}", "{gates: [1]}", '{rings: "x"}']
)
def test_a_cycle_of_any_form_is_told_and_breaks_nothing(tmp_path: Path, junk: str) -> None:
    cut = POLICY.index("  monthly:")
    assert mistakes(tmp_path, POLICY[:cut] + f"  monthly: {junk}\n")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "from: 2026-12-18",
            "from: 2026-12-12",
            "deadline: no window opens within 14d after the start of 2026-12-11. Remedy: give a longer",
        ),
        ("max_failures: 2%", "max_failures: 100%", "this budget never breaks: all hosts may be lost"),
        (
            "from: 2026-12-18, until: 2027-01-04",
            "from: 2025-12-18, until: 2026-01-04",
            "year_end has nothing to come",
        ),
        (
            "soak: 2d",
            "soak: 9d",
            "canary begins 9d after the start at the earliest: too late for what is due within 3",
        ),
    ],
)
def test_what_is_allowed_but_hardly_meant_is_a_warning(tmp_path: Path, old: str, new: str, told: str) -> None:
    found = warnings(tmp_path, POLICY.replace(old, new, 1))
    assert any(told in line for line in found), found


def test_a_gate_that_only_the_requester_could_pass_is_a_warning(tmp_path: Path) -> None:
    policy = (
        POLICY.replace("starts: patched", "starts: manual")
        .replace("{before: 24h, to: [ops]}, ", "")
        .replace("[ann, bob]", "[ann]")
    )
    assert any("when one of ann starts a rollout by hand" in line for line in warnings(tmp_path, policy))


def test_the_cycles_of_a_folder_count_their_paths_from_it(tmp_path: Path) -> None:
    write_site(tmp_path)
    cut = POLICY.index("recipients:")
    head = "kind: patchops.policy\nschema: 1\n"
    (tmp_path / "policy.yml").write_text(POLICY[:cut])
    (tmp_path / "tell.yml").write_text(head + POLICY[cut:])
    policy = load_rollout_policy(tmp_path, TODAY)
    assert policy.recipients["ops"].command == ("/usr/local/bin/tell",)
    assert policy.inventories["prod"].sources == (tmp_path / "inventories/prod.yml",)
