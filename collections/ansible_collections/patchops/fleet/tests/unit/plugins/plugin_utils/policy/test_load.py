# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policy files: what they say, and how a wrong one is refused."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.baseline.model import (
    Approve,
    Baseline,
    Pin,
    Reject,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set_signature import Signers
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.load import (
    SCHEMA_FILE,
    PolicyError,
    load_policy,
    parse_policy,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.model import Policy
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.schema import problems
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.yaml_places import read_yaml
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.rules import SeverityRule
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.spans import Span

FULL = """\
kind: patchops.policy
schema: 1
urgency:
  rules:
    - preset: cisa_bod_26_04
    - preset: pci_dss_4_0_1_6_3_3
      when: {groups: [cardholder]}
    - name: own promise
      within: {critical: 7 days, high: 1 month}
      clock: first_seen
      when: {exposed: true, criticality_at_least: high}
  assume: {automatable: false, technical_impact: partial, severity: medium}
  acts:
    - kind: extend
      scope: {packages: [openssl]}
      by: ann
      approver: bob
      reason: faulty fix
      at: 2026-03-01
      due: 2026-05-01
waivers:
  max_days: 60
  entries:
    - id: W1
      state: mitigated
      owner: ann
      approver: bob
      reason: live patch
      control: kpatch
      evidence: kpatch list
      scope: {hosts: ["web*"], cves: [CVE-2026-1000]}
      granted: 2026-01-01
      until: 2026-02-15
      renewals:
        - {approver: cid, at: 2026-02-15, until: 2026-03-01}
baseline:
  approve:
    - {name: weekly, classifications: [security], severities: [high], after_days: 7, max_age_days: 30}
  pin:
    - {package: postgresql-15, version: 15.4-1, reason: certified}
  reject:
    - {packages: [docker-ce], reason: breaks, with_dependencies: false, until: 2026-12-31}
  kev_at_once: false
"""


def test_a_full_policy_becomes_rules_acts_waivers_and_a_baseline() -> None:
    policy = parse_policy(FULL, "policy.yml")
    assert [rule.name for rule in policy.rules] == ["CISA BOD 26-04", "PCI DSS 4.0.1 6.3.3", "own promise"]
    assert policy.rules[1].when.groups == ("cardholder",)
    assert policy.acts[0].act.due == date(2026, 5, 1)
    assert policy.waivers[0].ends == date(2026, 3, 1)
    assert policy.baseline == Baseline(
        approve=(Approve("weekly", ("security",), ("high",), after=7, max_age=30),),
        pin=(Pin("postgresql-15", "15.4-1", "certified"),),
        reject=(Reject(("docker-ce",), "breaks", with_dependencies=False, until=date(2026, 12, 31)),),
        kev_at_once=False,
    )


def test_an_own_rule_keeps_its_spans_and_conditions() -> None:
    rule = parse_policy(FULL, "policy.yml").rules[2]
    assert isinstance(rule, SeverityRule)
    assert rule.within == {"critical": Span(7, "day"), "high": Span(1, "month")}
    assert (rule.from_first_seen, rule.when.exposed, rule.when.criticality_at_least) == (True, True, "high")
    assert rule.assume.severity == "medium"


HEAD = "kind: patchops.policy\nschema: 1\n"


@pytest.mark.parametrize(
    ("section", "signers"),
    [
        ("", None),
        ("patch_sets: {allowed_signers: signers}", Signers("signers")),
        ("patch_sets: {allowed_signers: a, revoked_signers: /b}", Signers("a", "/b")),
    ],
)
def test_a_policy_says_whose_signatures_patch_sets_need(section: str, signers: Signers | None) -> None:
    assert parse_policy(HEAD + section, "policy.yml").signers == signers


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("patch_sets: {}", "'allowed_signers' is missing"),
        ("patch_sets: {revoked_signers: a}", "'allowed_signers' is missing"),
        ("patch_sets: {allowed_signers: ''}", "the text is empty"),
        ("patch_sets: {allowed_signers: [a]}", "is not a text"),
        ("patch_sets: {allowed_signer: a}", "did you mean allowed_signers?"),
    ],
)
def test_a_requirement_of_signatures_that_requires_none_is_refused(section: str, told: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(told)):
        parse_policy(HEAD + section, "policy.yml")


def test_an_empty_policy_is_the_default_one() -> None:
    policy = parse_policy("kind: patchops.policy\nschema: 1\n", "built-in default")
    assert policy == Policy()


def test_a_missing_file_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"none.yml: can't be read: .*; name a readable policy file"):
        load_policy(tmp_path / "none.yml")


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "policy.yml").write_text(FULL, encoding="utf-8")
    assert load_policy(tmp_path / "policy.yml").source == str(tmp_path / "policy.yml")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("schema: 1", "schema: 2", "policy.yml:2: schema: 2 is not 1. Remedy: Write schema: 1"),
        (
            "preset: cisa_bod_26_04",
            "preset: cisa",
            'policy.yml:5: urgency.rules[0].preset: "cisa" is none of',
        ),
        (
            "high: 1 month",
            "high: soon",
            'policy.yml:9: urgency.rules[2].within.high: "soon" has another form',
        ),
        (
            "critical: 7 days",
            "critical: 90 days",
            "policy.yml:9: urgency.rules[2].within.critical: critical has more time than high. "
            "Remedy: give critical at most 1 month",
        ),
        (
            "exposed: true",
            "exposed: false",
            "policy.yml:11: urgency.rules[2].when.exposed: false is not true",
        ),
        ("at: 2026-03-01", "at: 2026-02-30", 'policy.yml:19: urgency.acts[0].at: "2026-02-30" is no day'),
        ("by: ann", "by: bob", "policy.yml:17: urgency.acts[0].approver: approves an own act"),
        ("      due: 2026-05-01\n", "", "policy.yml:14: urgency.acts[0]: an extension needs due"),
        (
            "max_days: 60",
            "max_days: 10",
            "waivers.entries[0].until: waiver W1: runs 45 days, the policy allows 10",
        ),
        (
            "      approver: bob\n      reason: live",
            "      approver: ann\n      reason: live",
            "policy.yml:27: waivers.entries[0].approver: waiver W1: ann approves an own risk",
        ),
        ("      evidence: kpatch list\n", "", "waivers.entries[0].evidence: waiver W1: a mitigation without"),
        ("      control: kpatch\n", "", "policy.yml:24: waivers.entries[0]: 'control' is missing"),
        ("      owner: ann\n", "      owner: ann\n      owner: eve\n", "line 27: 'owner' is given twice"),
        ("CVE-2026-1000", "CVE-26", 'scope.cves[0]: "CVE-26" has another form. Remedy: A CVE id such as'),
        ("after_days: 7", "after_days: -1", "baseline.approve[0].after_days: -1 is less than 0"),
        (
            "after_days: 7",
            "after: 7",
            "baseline.approve[0].after: unknown key. Remedy: did you mean after_days? known here: name,",
        ),
        ("kev_at_once: false", "kev_at_once: 0", "baseline.kev_at_once: 0 is not true or false"),
        (
            "by: ann",
            "by: on",
            "urgency.acts[0].by: true is not a text; put it in quotes (YAML reads an unquoted on as true)",
        ),
        (
            "by: ann",
            "by: 22:00",
            "urgency.acts[0].by: 1320 is not a text; put it in quotes (YAML reads an unquoted 22:00 as 1320)",
        ),
        ("by: ann", "by: ann\n      on: call", "urgency.acts[0].on: unknown key"),
    ],
)
def test_a_wrong_policy_is_refused_with_file_line_place_and_remedy(old: str, new: str, message: str) -> None:
    assert old in FULL
    with pytest.raises(PolicyError) as refused:
        parse_policy(FULL.replace(old, new, 1), "policy.yml")
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "policy.yml:1: the whole file: null is not a mapping"),
        ("[]", "policy.yml:1: the whole file: [] is not a mapping"),
        ("kind: [", "line 1: not YAML"),
        ("a: !!python/object/apply:os.system [id]", "line 1: not YAML of plain values"),
        ("a: !!python/name:os.system x", "line 1: not YAML"),
        ("a: 1.5", "unknown key"),
        ("? [a]\n: b", "line 1: a key must be a plain word"),
        ("\x00", "not YAML"),
    ],
)
def test_what_is_no_policy_is_refused(text: str, message: str) -> None:
    with pytest.raises(PolicyError) as refused:
        parse_policy(text, "policy.yml")
    assert message in str(refused.value)


def test_all_problems_are_told_at_once() -> None:
    broken = FULL.replace("schema: 1", "schema: 9").replace("kev_at_once: false", "kev_at_once: 0")
    with pytest.raises(PolicyError) as refused:
        parse_policy(broken, "policy.yml")
    assert len(str(refused.value).splitlines()) == 2


def test_aliases_that_multiply_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 8)]
    with pytest.raises(PolicyError, match="more than 200000 values; split the file or use fewer aliases"):
        parse_policy("\n".join(lines), "policy.yml")


@pytest.mark.parametrize(
    "text",
    [
        FULL,
        FULL.replace("schema: 1", "schema: true"),
        FULL.replace("max_days: 60", "max_days: 0"),
        FULL.replace("by: ann", "by: ''"),
        FULL.replace("kev_at_once: false", "kev_at_once: maybe"),
        FULL.replace("[openssl]", "[]"),
        FULL.replace("at: 2026-03-01", "at: tomorrow"),
        FULL.replace("owner: ann", "owners: ann"),
    ],
)
def test_our_reading_of_the_schema_agrees_with_a_full_implementation(text: str) -> None:
    jsonschema: Any = pytest.importorskip("jsonschema")
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    data = read_yaml(text).data
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    assert (problems(schema, data) == []) == validator.is_valid(data)


CYCLE = """\
people: {board: [ann, bob]}
inventories: {prod: {sources: [hosts.yml], refresh: 1h}}
recipients: {ops: {command: [/bin/tell]}}
cycles:
  monthly:
    inventory: prod
    install: {cves: [CVE-2026-1234]}
    rings:
      - {name: first, hosts: canary, max_failures: 2, max_in_flight: 5%}
      - {name: last, hosts: rest, batches: [1, "10%"], max_in_flight: {total: 10, per: {site: 2}}}
    gates:
      board: {approval: {by: [board]}}
      ready: {http: {url: "https://status.example.com/ready"}, timeout: 10s}
    notices: [{before: 24h, to: [ops]}]
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("", "", ""),
        (
            "inventory: prod",
            "inventori: prod",
            "inventori: unknown key. Remedy: did you mean inventory?",
        ),
        ("max_failures: 2", "max_failures: 2.5", "2.5 is not a whole number or a text; put it in quotes"),
        ("max_failures: 2", "max_failures: true", "true is not a whole number or a text"),
        (
            "max_failures: 2",
            "max_failures: 101%",
            '"101%" has another form. Remedy: How many hosts may be lost',
        ),
        ("max_failures: 2", "max_failures: -1", "-1 is less than 0"),
        ("max_in_flight: 5%", "max_in_flight: 0", "0 is less than 1"),
        ("site: 2", "site: 0", "rings[1].max_in_flight.per.site: 0 is less than 1"),
        ("site: 2}", "site: 2}, all: 3", "max_in_flight.all: unknown key. Remedy: known here: total, per"),
        ("install: {cves: [CVE-2026-1234]}", "install: secure", '"secure" is none of "baseline", "security"'),
        (
            "install: {cves: [CVE-2026-1234]}",
            "install: secure",
            "Remedy: did you mean security? baseline",
        ),
        ("CVE-2026-1234", "CVE-1", 'install.cves[0]: "CVE-1" has another form'),
        ("monthly:", "my.cycle:", 'cycles.my.cycle: "my.cycle" has another form. Remedy: Up to 63 letters'),
        (
            "refresh: 1h",
            "refresh: 1:30",
            "90 is not a text; put it in quotes (YAML reads an unquoted 1:30 as 90)",
        ),
        ("[ann, bob]", "[]", "people.board: the list has fewer than 1 items. Remedy: A list of logins"),
        ("https://status", "https://ann:secret@status", "an address that begins".capitalize()),
        ("to: [ops]", "to: ops", 'notices[0].to: "ops" is not a list. Remedy: A list of recipients'),
    ],
)
def test_the_form_of_cycles_is_checked_as_a_full_implementation_does(old: str, new: str, told: str) -> None:
    jsonschema: Any = pytest.importorskip("jsonschema")
    text = "kind: patchops.policy\nschema: 1\n" + CYCLE
    assert old in text
    text = text.replace(old, new, 1) if old else text
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    valid = jsonschema.Draft202012Validator(schema).is_valid(read_yaml(text).data)
    assert valid == (not told)
    if told:
        with pytest.raises(PolicyError) as refused:
            parse_policy(text, "policy.yml")
        assert told in str(refused.value)
