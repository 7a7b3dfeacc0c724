# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_result
from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import json_schema
from ansible_collections.patchops.fleet.plugins.plugin_utils.run_report import (
    BUCKETS,
    build_report,
    host_entry,
    needing_somebody,
    summarize,
    without_way_back,
)

Entry = dict[str, Any]

SECURITY_OK = {"status": "ok", "reason": "", "repositories": ["r"]}
OPEN = {"at": "2026-11-22T10:00:00Z", "batch": 1, "open": True, "reason": "no window is set", "budget": {}}
CLOSED = {**OPEN, "batch": 2, "open": False, "reason": "frozen"}


def discovered(**more: Any) -> dict[str, Any]:
    host = {"pending": {"total": 0, "security": 0}, "security_source": SECURITY_OK, **more}
    return make_result("collected", "", host=host)


def verified(effective: str = "yes") -> dict[str, Any]:
    return make_result(
        "verified", "", effective=effective, verification={"ok": True, "checks": []}, proven_before=False
    )


def applied() -> dict[str, Any]:
    return make_result(
        "applied",
        "",
        changed=True,
        transaction={"id": "t", "state": "applied"},
        plan={"packages": [{"name": "a", "action": "upgrade"}], "held": [{"name": "b"}], "blocked": []},
    )


def entry(results: dict[str, Any], waits_for_gate: bool = False) -> dict[str, Any]:
    return host_entry(
        "web1",
        results,
        batch=1,
        intermittent=False,
        waits_for_gate=waits_for_gate,
        gates=[OPEN, CLOSED] if waits_for_gate else [],
    )


def report(entries: list[Entry], gates: list[Entry], check_mode: bool = False) -> Entry:
    return build_report(
        run={"run_id": "r", "playbook": "patch", "started_at": "2026-11-22T10:00:00Z", "budget_max": 0},
        entries=entries,
        gates=gates,
        patch_set=None,
        finished_at="2026-11-22T10:01:00Z",
        check_mode=check_mode,
    )


def totals(*entries: dict[str, Any], check_mode: bool = False) -> dict[str, int]:
    counted = report(list(entries), [OPEN], check_mode)["totals"]
    return {name: count for name, count in counted.items() if count and name != "hosts"}


def test_a_host_that_was_patched_and_is_in_effect() -> None:
    assert totals(entry({"discover": discovered(), "apply": applied(), "verify": verified()})) == {
        "patched_effective": 1
    }


def leaving_out(cause: str, packages: bool = True) -> dict[str, Any]:
    """Results of a host whose plan left out a security update."""
    left = {"name": "b", "reason": "the setting", "cause": cause, "security": True}
    found = applied() if packages else make_result("nothing_to_do", "", plan={"packages": [], "blocked": []})
    found["plan"]["held"] = [left]
    return {"discover": discovered(), "apply": found, "verify": verified()}


def test_a_host_with_a_security_update_that_is_passed_over_is_not_clean() -> None:
    assert totals(entry(leaving_out("default_release"))) == {"pending": 1}
    assert totals(entry(leaving_out("hold"))) == {"patched_effective": 1}
    assert totals(entry(leaving_out("hold", packages=False))) == {"pending": 1}


def test_the_line_of_a_run_names_what_keeps_security_updates_back() -> None:
    line = summarize(report([entry(leaving_out("priority"))], [OPEN]))
    assert "Security updates are missing: web1: 1 security update is kept back by priorities" in line


def test_a_host_on_which_the_update_is_installed_but_not_in_effect() -> None:
    assert totals(entry({"discover": discovered(), "apply": applied(), "verify": verified("no")})) == {
        "not_effective": 1
    }


def test_a_host_whose_effect_could_not_be_looked_into_is_unknown() -> None:
    assert totals(entry({"discover": discovered(), "apply": applied(), "verify": verified("unknown")})) == {
        "unknown": 1
    }


def test_a_host_on_which_nothing_was_pending() -> None:
    assert totals(entry({"discover": discovered(), "verify": verified()})) == {"nothing_to_do": 1}


def test_a_scanned_host_with_updates_pending() -> None:
    pending = discovered(pending={"total": 3, "security": 1})
    assert totals(entry({"discover": pending})) == {"pending": 1}


def test_in_check_mode_the_planned_changes_are_pending() -> None:
    assert totals(entry({"discover": discovered(), "stage": applied()}), check_mode=True) == {"pending": 1}


def test_a_host_whose_updates_are_blocked_is_not_called_done() -> None:
    blocked = make_result("nothing_to_do", "", plan={"packages": [], "blocked": [{"name": "a"}]})
    assert totals(entry({"discover": discovered(), "stage": blocked, "verify": verified()})) == {"pending": 1}


@pytest.mark.parametrize(("status", "code"), [("absent", "verified"), ("unreadable", "security_unknown")])
def test_a_source_of_security_updates_can_be_had_by_patching_but_not_by_a_refresh_that_failed(
    status: str, code: str
) -> None:
    before = discovered(security_source={"status": status, "reason": "why", "repositories": []})
    after = {**verified(), "security_source": SECURITY_OK}
    assert entry({"discover": before, "stage": applied(), "verify": after})["outcome"]["code"] == code


@pytest.mark.parametrize(
    "status",
    ["absent", "expired", "unentitled", "unreadable", "stale", "frozen", "replayed", "untrusted"],
)
def test_a_host_without_a_security_source_is_unknown_and_never_clean(status: str) -> None:
    without = discovered(security_source={"status": status, "reason": "why", "repositories": []})
    found = entry({"discover": without})
    assert found["outcome"]["code"] == "security_unknown"
    assert f"its security source is {status} (why)" in found["outcome"]["message"]
    assert totals(found) == {"unknown": 1}


@pytest.mark.parametrize(
    ("status", "code"),
    [("frozen", "verified"), ("replayed", "verified"), ("untrusted", "security_unknown")],
)
def test_the_age_of_the_repositories_says_nothing_against_a_sealed_set(status: str, code: str) -> None:
    seen = discovered(security_source={"status": status, "reason": "why", "repositories": []})
    results = {"discover": seen, "stage": applied(), "verify": verified()}
    found = host_entry("web1", results, batch=1, intermittent=False, waits_for_gate=False, sealed_set=True)
    assert found["outcome"]["code"] == code
    assert found["security_source"]["status"] == status


def test_a_scanned_host_with_a_repository_that_could_not_be_read_is_not_called_clean() -> None:
    found = entry({"discover": discovered(unread={"repository": "vendor", "message": "503"})})
    assert found["outcome"]["code"] == "updates_unknown"
    assert totals(found) == {"unknown": 1}


def test_what_staging_could_read_is_not_held_against_the_host() -> None:
    results = {"discover": discovered(unread={"repository": "vendor", "message": "503"}), "stage": applied()}
    assert entry({**results, "apply": applied(), "verify": verified()})["outcome"]["class"] == "ok"


def test_a_host_behind_a_closed_gate_was_not_started_and_says_why() -> None:
    found = entry({"discover": discovered(), "gate": CLOSED | make_result("gate_closed", "")}, True)
    assert found["outcome"]["message"] == "Not started: frozen. Nothing was changed."
    assert totals(found) == {"not_started": 1}


def test_a_host_whose_batch_never_came_says_what_stopped_the_run() -> None:
    found = entry({"discover": discovered()}, True)
    assert found["outcome"]["message"] == "Not started: frozen. Nothing was changed."
    assert totals(found) == {"not_started": 1}


def test_a_host_that_could_not_be_asked_stays_so_behind_a_closed_gate() -> None:
    assert totals(entry({"discover": make_result("connection_timeout", "")}, True)) == {"unreachable": 1}


def test_every_host_is_counted_once() -> None:
    codes = ["collected", "no_space", "python_missing"]
    entries = [entry({"discover": make_result(code, "")}) for code in codes]
    counted = report(entries, [])["totals"]
    assert sum(counted[name] for name in BUCKETS) == counted["hosts"] == 3


@pytest.mark.parametrize(
    ("codes", "gates", "result"),
    [
        (["collected"], [OPEN], "done"),
        (["collected", "no_space"], [OPEN], "failed"),
        (["connection_timeout"], [OPEN], "failed"),
        (["outcome_unknown"], [OPEN], "unknown"),
        (["outcome_unknown", "install_failed"], [OPEN], "failed"),
        (["install_failed"], [OPEN, CLOSED], "stopped"),
    ],
)
def test_what_a_run_came_to(codes: list[str], gates: list[dict[str, Any]], result: str) -> None:
    entries = [entry({"discover": make_result(code, "")}) for code in codes]
    assert report(entries, gates)["result"] == result


def test_a_run_whose_proofs_differ_has_failed_and_says_so() -> None:
    found = build_report(
        run={"run_id": "r", "playbook": "patch", "started_at": "2026-11-22T10:00:00Z", "budget_max": 0},
        entries=[entry({"discover": discovered()})],
        gates=[OPEN],
        patch_set=None,
        finished_at="2026-11-22T10:01:00Z",
        check_mode=False,
        unsealed="Not sealed: web1 has openssl 2 and web2 has 3.",
    )
    assert found["result"] == "failed"
    assert summarize(found).endswith("Not sealed: web1 has openssl 2 and web2 has 3.")


def test_the_summary_is_one_line_with_the_reason_of_a_stop() -> None:
    lost = entry({"discover": make_result("connection_timeout", "")})
    entries = [lost, entry({"discover": discovered()}, True)]
    assert summarize(report(entries, [OPEN, CLOSED])) == (
        "patch stopped: 2 hosts: 1 unreachable, 1 not started. Stopped: frozen."
    )


def test_what_was_taken_back_as_asked_is_no_failure() -> None:
    taken_back = {"revert": make_result("taken_back", "", changed=True)}

    found = report([entry(taken_back)], [])

    assert (found["result"], found["totals"]["reverted"]) == ("done", 1)


def test_what_was_taken_back_because_it_failed_is_one() -> None:
    results = {
        "apply": applied(),
        "verify": make_result("verification_failed", "ssh is down"),
        "revert": make_result("taken_back", "", changed=True),
    }

    assert report([entry(results)], [])["result"] == "failed"


def test_a_host_that_needs_somebody_is_named_with_its_state_reason_and_remedy() -> None:
    unasked = entry({"discover": make_result("python_missing", "web1: python missing.", "Install it.")})
    fine = entry({"discover": discovered()})
    assert needing_somebody(report([unasked, fine], [])) == [
        "web1 (unreachable): python missing. Install it."
    ]


def test_a_host_whose_effect_is_not_known_needs_somebody() -> None:
    doubtful = entry({"discover": discovered(), "apply": applied(), "verify": verified("unknown")})
    (line,) = needing_somebody(report([doubtful], []))
    assert line.startswith("web1 (unknown):")


def test_a_host_that_was_taken_back_as_asked_needs_nobody() -> None:
    back = entry({"revert": make_result("taken_back", "", changed=True)})
    assert needing_somebody(report([back], [])) == []


def test_after_twenty_hosts_the_rest_is_counted() -> None:
    unasked = entry({"discover": make_result("python_missing", "")})
    lines = needing_somebody(report([unasked] * 23, []))
    assert len(lines) == 21
    assert lines[-1] == "and 3 more in the report"


def test_what_a_host_says_can_not_steer_the_terminal() -> None:
    bad = entry({"discover": make_result("python_missing", "a\x1b[2J\nb" + "c" * 1000)})
    (line,) = needing_somebody(report([bad], []))
    assert line.isprintable()
    assert len(line) < 700


def test_a_scan_tells_whether_a_host_asks_for_a_reboot() -> None:
    asking = discovered(reboot={"required": True, "reasons": []})
    reboot = entry({"discover": asking})["reboot"]
    assert reboot == {"required": True, "done": False, "boot_id_changed": False, "kernel": None}


def test_what_was_seen_before_a_change_says_nothing_of_a_reboot_after_it() -> None:
    before = discovered(reboot={"required": True, "reasons": []})
    assert entry({"discover": before, "apply": applied()})["reboot"] is None


def test_hosts_without_a_way_back_are_named_at_the_end_of_a_run() -> None:
    found = {"revertible": 1, "snapshot_only": [], "forward_only": [{"name": "apt", "reason": "r"}]}
    told = entry({"discover": discovered(), "stage": make_result("planned", "", way_back=found)})
    assert told["way_back"] == found
    line = summarize(report([told], [OPEN], check_mode=True))
    assert line.endswith("Without a way back by packages: web1 (apt).")


def test_a_report_with_packages_that_stay_fits_its_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    found = {"revertible": 0, "snapshot_only": [{"name": "slapd", "reason": "r"}], "forward_only": []}
    told = entry({"discover": discovered(), "stage": make_result("snapshot_missing", "", way_back=found)})
    jsonschema.Draft202012Validator(json_schema("patchops.report")).validate(report([told], [OPEN]))


def test_packages_without_a_way_back_are_told_in_one_short_line_whatever_a_host_calls_them() -> None:
    names = ["shim\nPLAY RECAP ***", "\x1b[2Jgrub", "x" * 100_000, *[f"p{number}" for number in range(5000)]]
    found = {
        "revertible": 0,
        "snapshot_only": [],
        "forward_only": [{"name": name, "reason": "because"} for name in names],
    }
    told = without_way_back({f"web{number}": found for number in range(300)})
    assert told.startswith("Without a way back by packages: web0 (shim PLAY RECAP ***, \\x1b[2Jgrub, xxx")
    assert told.endswith("p6 and 4993 more) and 280 more.")
    assert told.isprintable()
    assert len(told) < 20 * 600 + 100
