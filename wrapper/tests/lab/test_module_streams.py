# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A modular package stays in its stream, forwards and back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from patchops_lab import network
from patchops_lab.distributions import rpm_modules
from patchops_lab.hosts import LabHost
from patchops_lab.lab import Lab
from patchops_lab.modules import run_module
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab

from .calls import document

pytestmark = pytest.mark.lab

REPOSITORY = (
    f"[modular]\nname=Modular\nbaseurl=http://{network.MIRROR_NAME}/modular/\ngpgcheck=0\nrepo_gpgcheck=0\n"
)
ENABLED = f"{rpm_modules.MODULE}:1"


@pytest.fixture(scope="module")
def lab(make_lab: MakeLab) -> Lab:
    made = make_lab(HostSpec("rocky", "rocky9", apps=("goodapp",)))
    rpm_modules.publish(made.paths.repository / "modular")
    host = made.host("rocky")
    host.run("tee", "/etc/yum.repos.d/modular.repo", stdin=REPOSITORY)
    host.run("dnf", "-q", "-y", "module", "enable", ENABLED)
    host.run("dnf", "-q", "-y", "install", f"{rpm_modules.PACKAGE}-{rpm_modules.OLD}")
    return made


def transact(lab: Lab, **arguments: Any) -> dict[str, Any]:
    return run_module(lab, "rocky", "transaction", arguments)


def version(host: LabHost) -> str:
    return host.run("rpm", "-q", "--qf", "%{VERSION}-%{RELEASE}", rpm_modules.PACKAGE)


def enabled(host: LabHost) -> str:
    return host.run("sh", "-c", "cat /etc/dnf/modules.d/*.module")


def test_an_update_within_the_stream_comes_and_goes_and_another_stream_is_never_entered(lab: Lab) -> None:
    host = lab.host("rocky")
    stream = enabled(host)

    pending = transact(lab, state="staged", packages=[rpm_modules.PACKAGE])
    change = next(one for one in pending["plan"]["packages"] if one["name"] == rpm_modules.PACKAGE)
    assert (change["from"], change["to"]) == (rpm_modules.OLD, rpm_modules.NEW)

    applied = transact(lab, state="applied", packages=[rpm_modules.PACKAGE])
    assert applied["outcome"]["code"] == "applied", applied["outcome"]
    assert version(host) == rpm_modules.NEW
    assert enabled(host) == stream

    other = transact(lab, state="staged", packages=[f"{rpm_modules.PACKAGE}={rpm_modules.OTHER}"])
    assert other["outcome"]["class"] == "refused", json.dumps(other)

    back = transact(lab, state="reverted")
    assert back["outcome"]["code"] == "taken_back", back["outcome"]
    assert version(host) == rpm_modules.OLD
    assert enabled(host) == stream


def test_an_update_of_a_stream_that_is_no_longer_enabled_is_told_as_kept_back(lab: Lab) -> None:
    host = lab.host("rocky")
    host.run("dnf", "-q", "-y", "module", "disable", rpm_modules.MODULE)
    run_module(lab, "rocky", "host_info", {"refresh": True})
    [update] = [one for one in document(host)["updates"] if one["name"] == rpm_modules.PACKAGE]
    assert (update["candidate"], update["blocked"]) == (rpm_modules.NEW, True)
    assert update["kept_back"]["version"] == rpm_modules.NEW
