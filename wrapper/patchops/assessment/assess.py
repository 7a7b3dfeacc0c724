# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry out an assessment, and keep the answer for `patchops findings`, `cve` and `export`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.database import (
    AdvisoryDatabase,
    DatabaseError,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.due_ledger import (
    DueLedger,
    LedgerError,
    Memory,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.fleet import (
    MALFORMED,
    Assessment,
    FleetAssessor,
    HostInput,
    unusable,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching import Matcher
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.reasons import reason
from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import DocumentError, read_document
from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.load import PolicyError, load_policy
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.model import Policy
from ansible_collections.patchops.fleet.plugins.plugin_utils.store import StoreError, patch_set_key
from patchops.errors import InputError
from patchops.paths import DataDirectory
from patchops.store.findings_filter import Wanted
from patchops.store.state import latest_findings

if TYPE_CHECKING:
    from patchops.store.findings import LatestFindings


@contextmanager
def usable_input() -> Iterator[None]:
    """What is wrong with database, policy or ledger becomes bad input: the messages name file and remedy."""
    try:
        yield
    except PolicyError as error:
        raise unusable_policy(error.args) from None
    except (DatabaseError, LedgerError, StoreError, DocumentError) as error:
        raise InputError(str(error)) from None


def unusable_policy(problems: Sequence[str]) -> InputError:
    """The error of a policy with these problems; a single one is told in the message itself."""
    if len(problems) == 1:
        return InputError(problems[0])
    return InputError(f"The policy has {len(problems)} mistakes.", details=problems)


def policy_of(file: Path | None) -> Policy:
    """The policy of a file, or the built-in one."""
    with usable_input():
        return load_policy(file) if file is not None else Policy()


@contextmanager
def due_ledger(file: Path) -> Iterator[Memory]:
    """The memory in a file, as plays without the wrapper keep it."""
    with DueLedger.open(file) as ledger:
        yield ledger


def assess(
    hosts: Iterable[HostInput],
    database: Path,
    policy: Policy,
    now: datetime,
    memory: AbstractContextManager[Memory | None],
    failed: Mapping[HostKey, frozenset[str]],
    include_installed: bool = False,
) -> Assessment:
    """Assess hosts against an advisory database.

    ``memory``: opened for the assessment; one that gives None keeps and knows no earlier promises.
    ``failed``: packages whose last update failed on a host or was taken back, by host.
    """
    with usable_input(), AdvisoryDatabase.open(database) as opened, memory as known:
        assessor = FleetAssessor(Matcher(opened, now=now), opened, policy, now, known, failed)
        return assessor.assess(hosts, include_installed=include_installed)


def keep(assessment: Assessment, data: DataDirectory) -> None:
    """Keep the fleet's findings as the latest ones, and what the baseline approves as a patch set."""
    # Imported here: SQLAlchemy takes longer to import than an assessment of one file takes.
    from patchops.store.database import open_state
    from patchops.store.findings import LatestFindings

    data.make()
    with usable_input():
        data.store.write(patch_set_key(assessment.patch_set["id"]), assessment.patch_set)
    engine = open_state(data)
    try:
        LatestFindings(engine).keep(assessment.document)
    finally:
        engine.dispose()


def latest(data: DataDirectory) -> dict[str, Any]:
    """The findings document that was kept last, in full. Raises InputError where there is none."""
    with latest_assessment(data) as findings:
        return {**(findings.document() or {}), "findings": findings.ask(Wanted()).findings}


@contextmanager
def latest_assessment(data: DataDirectory) -> Iterator[LatestFindings]:
    """The findings that were kept last. Raises InputError where there are none."""
    with usable_input(), latest_findings(data) as findings:
        if findings.created_at() is None:
            raise InputError("There is no assessment yet.", "Run `patchops assess` first.")
        yield findings


def findings_of(file: Path) -> dict[str, Any]:
    """A findings document of a file, such as `patchops assess --json` prints it."""
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} can't be read: {error.strerror}.", "Name a findings document.") from None
    with usable_input():
        return read_document(raw, "patchops.findings", str(file))


def verdicts(
    hosts: Iterable[HostInput], database: Path, cve: str, now: datetime
) -> dict[HostKey, Mapping[str, Any]]:
    """What each host is to one CVE: the matcher's verdict by host."""
    with usable_input(), AdvisoryDatabase.open(database) as opened:
        matcher = Matcher(opened, now=now)
        return {host.facts.key: _verdict(matcher, host, cve) for host in hosts}


def _verdict(matcher: Matcher, host: HostInput, cve: str) -> Mapping[str, Any]:
    if host.document is None:
        return _unknown(host, host.why_missing)
    try:
        return matcher.verdict(host.document, cve)
    except MALFORMED as error:
        return _unknown(host, unusable(error))


def _unknown(host: HostInput, why: str) -> dict[str, Any]:
    reasons = [reason("not_scanned", f"{host.facts.name}: {why}; scan it")]
    return {"state": "unknown", "effective": None, "findings": [], "reasons": reasons}
