# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report answers first how many are fine, then which are not and why, then what changed where."""

from __future__ import annotations

from patchops.reports.answers import Tone, answer, why

from . import samples


def test_the_headline_counts_patched_and_effective_hosts() -> None:
    answers = answer(samples.report(samples.host("web1"), samples.not_started("web2")))

    assert answers.headline == "1 of 2 hosts are patched and effective."
    assert answers.tone is Tone.WARN


def test_a_single_host_is_told_in_the_singular() -> None:
    assert answer(samples.report(samples.host("web1"))).headline == "1 of 1 host is patched and effective."


def test_hosts_with_nothing_to_do_count_as_effective() -> None:
    idle = samples.host("web2", touched=False, changes=[])

    assert answer(samples.report(samples.host("web1"), idle)).headline.startswith("2 of 2")


def test_what_needs_attention_comes_first() -> None:
    lost = samples.host("db1", outcome=samples.outcome("unreachable", "connection_lost", "gone"))
    answers = answer(samples.report(samples.host("web1"), samples.not_started("app1"), lost))

    assert [group.bucket for group in answers.groups] == ["unreachable", "not_started", "patched_effective"]
    assert [group.bucket for group in answers.attention] == ["unreachable", "not_started"]


def test_the_closed_gate_is_the_remark() -> None:
    gates = [{"at": "", "batch": 2, "open": False, "reason": "2 hosts are lost"}]

    assert (
        answer(samples.report(gates=gates, result="stopped")).remark
        == "The run was stopped: 2 hosts are lost"
    )


def test_equal_changes_are_told_once_with_their_hosts_security_first() -> None:
    both = [samples.TOOL, samples.SSL]
    changes = answer(samples.report(samples.host("b", changes=both), samples.host("a"))).changes

    assert [(item.change.name, item.hosts) for item in changes] == [("openssl", ("a", "b")), ("tool", ("b",))]


def test_what_was_taken_back_is_no_change() -> None:
    back = samples.host("web1", outcome=samples.outcome("reverted", "rolled_back"))

    assert answer(samples.report(back)).changes == ()


def test_the_plan_of_a_lost_host_is_no_change() -> None:
    lost = samples.host("web1", outcome=samples.outcome("unknown", "outcome_unknown"))

    assert answer(samples.report(lost)).changes == ()


def test_a_rollback_tells_the_way_back() -> None:
    done = samples.host("web1", outcome=samples.outcome("ok", "taken_back"))
    (item,) = answer(samples.report(done, playbook="rollback")).changes

    assert (item.change.before, item.change.after) == ("3.0.15", "3.0.11")


def test_check_mode_tells_a_plan() -> None:
    planned = samples.host("web1", touched=False, verification=None)
    answers = answer(samples.report(planned, check_mode=True))

    assert answers.headline == "A plan only: 1 host of 1 would be changed, nothing was."
    assert answers.changes_title == "What would change where"
    assert len(answers.changes) == 1


def test_a_scan_says_who_did_not_answer_and_who_cannot_know() -> None:
    pending = {"total": 3, "security": 2}
    asked = samples.host("a", touched=False, verification=None, pending=pending)
    silent = samples.host("b", pending=None, outcome=samples.outcome("unreachable", "x"))
    blind = samples.host("c", pending={"total": 0, "security": 0}, outcome=samples.outcome("unknown", "x"))

    assert answer(samples.report(asked, silent, blind, playbook="scan")).headline == (
        "1 of 3 hosts has security updates pending, of 1 it can't be known, 1 did not answer."
    )


def test_what_kept_packages_out_of_a_plan_is_part_of_the_reason() -> None:
    (host,) = samples.report(samples.host("a", blocked=[{"name": "apt"}], held=["vim"])).hosts

    assert why(host) == (
        "Blocked after they were taken back, until cleanup: apt. Held by the host's administrator: vim."
    )


def test_security_updates_that_were_left_out_make_the_answer_unclean() -> None:
    left = {"name": "vim", "reason": "a pin of -1", "cause": "pin", "security": True}
    report = samples.report(samples.host("a", held=[left]))
    answers = answer(report)

    assert answers.tone is Tone.WARN
    assert answers.remark == "Security updates are missing on a: they were left out."
    assert why(report.hosts[0]) == "Kept back: vim (a pin of -1)."


def test_a_reboot_is_not_told_as_a_patch() -> None:
    (group,) = answer(samples.report(samples.host("a"), playbook="reboot")).groups

    assert group.title == "rebooted and in effect"


def test_a_verification_tells_what_is_in_effect() -> None:
    headline = answer(samples.report(samples.host("a"), playbook="verify")).headline

    assert headline == "What was installed is in effect on 1 of 1 host."


def test_an_empty_report_says_so() -> None:
    assert answer(samples.report()).headline == "No host was asked."


def test_what_was_proven_on_a_host_without_a_security_source_counts_as_changed() -> None:
    doubtful = samples.host("a", outcome=samples.outcome("unknown", "security_unknown"))
    (change,) = answer(samples.report(doubtful)).changes
    assert change.hosts == ("a",)


def test_what_packages_do_not_take_back_is_told_once_with_its_hosts() -> None:
    hosts = [samples.host(name, way_back=samples.WAY_BACK) for name in ("b", "a")]
    told = answer(samples.report(*hosts)).lasting

    assert [(item.package.name, item.package.way_back, item.hosts) for item in told] == [
        ("apt", "forward_only", ("a", "b")),
        ("slapd", "snapshot_only", ("a", "b")),
    ]


def test_what_stayed_is_no_change_of_a_rollback() -> None:
    stays = {**samples.WAY_BACK, "forward_only": [{"name": "openssl", "reason": "by a rule"}]}
    partly = samples.outcome("ok", "taken_back_partly")
    done = samples.host("a", outcome=partly, way_back=stays, changes=[samples.SSL, samples.TOOL])
    (item,) = answer(samples.report(done, playbook="rollback")).changes

    assert item.change.name == "tool"
