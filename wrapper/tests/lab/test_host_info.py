# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What host_info says of real hosts is what they are, and what can't be learned is said so."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import jsonschema
import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import json_schema
from patchops_lab import faults
from patchops_lab.distributions.debian_suite import BrokenDebianSuite
from patchops_lab.hosts import LabHost
from patchops_lab.lab import Lab
from patchops_lab.modules import module_command, module_environment, read_result, run_module
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab

from .calls import document, scan

pytestmark = pytest.mark.lab

RELEASES = ("bullseye", "bookworm", "trixie")


@pytest.fixture(scope="module")
def odd_lab(make_lab: MakeLab) -> Lab:
    """Hosts that can't be asked, or that can't know what is pending."""
    return make_lab(
        HostSpec("asks", sudo_password="s3cret"),
        HostSpec("bare", python=False),
        HostSpec("unsafe", security_repo=False),
        HostSpec("kernel", kernel=True),
        HostSpec("stopped"),
    )


@pytest.fixture
def security_fault(fresh_lab: Lab, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """The shared lab with a fault in bookworm's security repository."""
    kind, target = request.param
    faults.inject(fresh_lab, kind, target)
    yield fresh_lab
    faults.clear(fresh_lab, kind, target)


def simulated_upgrades(host: LabHost, *options: str) -> set[str]:
    """The packages that apt would upgrade."""
    planned = host.run("apt-get", "-s", *options, "dist-upgrade").splitlines()
    return {line.split()[1] for line in planned if line.startswith("Inst ") and "[" in line}


@pytest.mark.parametrize("release", RELEASES)
def test_packages_and_updates_are_those_that_dpkg_and_apt_know(fresh_lab: Lab, release: str) -> None:
    host = fresh_lab.host(release)
    result = scan(fresh_lab, release)
    kept = document(host)
    jsonschema.Draft202012Validator(json_schema("patchops.host")).validate(kept)
    upgrades = simulated_upgrades(host, "--ignore-hold")
    passed_over = upgrades - simulated_upgrades(host)
    automatic = set(host.run("apt-mark", "showauto").split())
    assert result["outcome"]["code"] == "collected"
    assert {(one["name"], one["version"], one["arch"]) for one in kept["packages"]} == host.packages()
    assert {one["name"] for one in kept["updates"]} == upgrades
    assert {one["name"] for one in kept["packages"] if not one["manual"]} == automatic
    assert all(one["security"] and one["sha256"] for one in kept["updates"])
    kept_back = {one["name"] for one in kept["updates"] if one["held"] or one["kept_back"]}
    assert set(host.run("apt-mark", "showhold").split()) <= kept_back <= passed_over
    counts = {"total": len(upgrades), "security": len(upgrades), "kept_back": len(kept_back)}
    assert result["host"]["pending"] == counts


@pytest.mark.parametrize("release", RELEASES)
def test_what_the_host_is_agrees_with_its_own_tools(fresh_lab: Lab, release: str) -> None:
    host = fresh_lab.host(release)
    scan(fresh_lab, release)
    kept = document(host)
    assert kept["boot"]["id"] == host.boot_id()
    assert kept["machine"]["machine_id"] == host.run("cat", "/etc/machine-id").strip()
    assert kept["machine"]["virtualization"] == {"kind": "container", "type": "systemd-nspawn"}
    assert kept["os"]["codename"] == release
    assert "lab-goodapp.service" in kept["units"]["running"]
    assert kept["units"]["failed"] == []
    assert kept["security_source"]["status"] == "ok"
    assert [one["signed"] for one in kept["repositories"]] == [True, True]
    assert kept["errors"] == []


ODD_SOURCES = {
    "corp+tools.list": "deb http://127.0.0.1:9/apt-ignores-this-file ./",
    "off.sources": "Types: deb\nURIs: http://127.0.0.1:9/off\nSuites: ./\nEnabled: off",
    "flat.list": "deb [trusted=yes] file:/srv/flat $(ARCH)/",
    "disc.list": "# deb cdrom:[Corp Install 5]/ bookworm main",
    "tools.sources": (
        "# In two stanzas, the second of which is in force.\n\nTypes: deb\nURIs: file:/srv/none\nSuites: a\n"
        "Components: main\nEnabled: false\n\nTypes: deb\nURIs: file:/srv/tools\nSuites: stable\n"
        "Components: corp_tools\nTrusted: yes\nCheck-Valid-Until: no"
    ),
}
FLAT_PACKAGES = (
    "Package: corp-tool\nVersion: 1\nArchitecture: all\nInstalled-Size: 12.5\nFilename: x.deb\nSize: 1"
)
EXPIRED_RELEASE = (
    "Origin: Corp\nSuite: stable\nDate: Mon, 01 Jan 2024 00:00:00 UTC\n"
    "Valid-Until: Mon, 08 Jan 2024 00:00:00 UTC\nArchitectures: amd64\nComponents: corp_tools\n"
)


def write(host: LabHost, path: str, text: str) -> None:
    host.run("sh", "-c", 'mkdir -p "$(dirname "$1")" && cat > "$1"', "sh", path, stdin=text)


@pytest.mark.parametrize("release", RELEASES)
def test_the_repositories_are_those_that_apt_takes_however_they_are_written(
    fresh_lab: Lab, release: str
) -> None:
    host = fresh_lab.host(release)
    for name, text in ODD_SOURCES.items():
        write(host, f"/etc/apt/sources.list.d/{name}", text + "\n")
    write(host, "/srv/flat/amd64/Packages", FLAT_PACKAGES + "\n")
    index = "/srv/tools/dists/stable/corp_tools/binary-amd64/Packages"
    write(host, index, FLAT_PACKAGES.replace("corp-tool", "corp-other") + "\n")
    sums = host.run("sh", "-c", f"stat -c %s {index}; sha256sum {index}").split()
    listed = f"SHA256:\n {sums[1]} {sums[0]} corp_tools/binary-amd64/Packages\n"
    write(host, "/srv/tools/dists/stable/Release", EXPIRED_RELEASE + listed)
    scan(fresh_lab, release)
    kept = document(host)
    assert kept["errors"] == []
    corporate = {one["id"]: one for one in kept["repositories"] if one["uri"].startswith("file:")}
    assert [one for one in kept["repositories"] if one["uri"].startswith("http://127.0.0.1:9/")] == []
    assert {name: (one["signed"], one["error"]) for name, one in corporate.items()} == {
        "file:///srv/flat/ amd64/": (False, None),
        "file:///srv/tools/ stable/corp_tools": (False, None),
    }
    assert corporate["file:///srv/flat/ amd64/"]["age_seconds"] is None
    assert corporate["file:///srv/tools/ stable/corp_tools"]["valid_until_waived"] is True
    assert kept["security_source"]["status"] == "ok"


def test_a_disc_that_is_not_there_is_told_and_stops_nothing(fresh_lab: Lab) -> None:
    host = fresh_lab.host("bookworm")
    write(host, "/etc/apt/sources.list.d/disc.list", "deb cdrom:[Corp Install 5]/ bookworm main\n")
    scan(fresh_lab, "bookworm")
    kept = document(host)
    (disc,) = [one for one in kept["repositories"] if one["uri"].startswith("cdrom:")]
    assert disc["error"]
    assert kept["errors"] == []


def test_a_second_call_changes_nothing_and_check_mode_keeps_nothing(fresh_lab: Lab) -> None:
    result = run_module(fresh_lab, "trixie", "host_info", {"refresh": True}, check=True)
    assert result["changed"] is False
    assert not (fresh_lab.host("trixie").paths.upper / "var/lib/patchops").exists()


def test_a_new_boot_has_a_new_id_and_time(fresh_lab: Lab) -> None:
    host = fresh_lab.host("bookworm")
    scan(fresh_lab, "bookworm")
    before = document(host)["boot"]
    host.reboot()
    scan(fresh_lab, "bookworm")
    after = document(host)["boot"]
    assert before["id"] != after["id"]
    assert before["time"] < after["time"]


def test_a_service_that_runs_replaced_code_is_named_with_the_package(fresh_lab: Lab) -> None:
    host = fresh_lab.host("bookworm")
    host.run(
        "sh", "-c", "cp /usr/bin/sleep /usr/bin/napping && systemd-run --unit=napper /usr/bin/napping 600"
    )
    host.run("sh", "-c", "cp /usr/bin/sleep /usr/bin/napping.new && mv /usr/bin/napping.new /usr/bin/napping")
    libc = host.run("sh", "-c", "realpath $(ldconfig -p | awk '/libc.so.6/ {print $NF; exit}')").strip()
    host.run("sh", "-c", f"cp {libc} {libc}.new && mv {libc}.new {libc}")
    scan(fresh_lab, "bookworm")
    restarts = {one["unit"]: one for one in document(host)["restarts"]}
    assert "/usr/bin/napping" in restarts["napper.service"]["files"]
    assert restarts["ssh.service"]["packages"] == ["libc6"]
    assert document(host)["reboot"]["reasons"][-1]["code"] == "services"


def test_holds_failed_units_and_an_interrupted_dpkg_are_told(fresh_lab: Lab) -> None:
    host = fresh_lab.host("trixie")
    host.run("apt-mark", "hold", "lab-goodapp")
    host.try_run("systemd-run", "--unit=broken", "/bin/false")
    half_done = "/^Package: bash$/,/^$/s/ok installed/ok half-configured/"
    host.run("sed", "-i", half_done, "/var/lib/dpkg/status")
    result = scan(fresh_lab, "trixie")
    kept = document(host)
    assert kept["holds"] == ["lab-goodapp", "lab-heldapp"]
    assert [one["held"] for one in kept["updates"] if one["name"] == "lab-goodapp"] == [True]
    assert kept["units"]["failed"] == ["broken.service"]
    assert kept["broken"]["packages"] == [{"name": "bash", "arch": "amd64", "state": "half-configured"}]
    assert result["host"]["interrupted"] is True


def test_a_version_that_is_pinned_away_is_pending_and_blocked(fresh_lab: Lab) -> None:
    host = fresh_lab.host("bookworm")
    pin = "Package: lab-goodapp\\nPin: version 1.1\\nPin-Priority: -1\\n"
    host.run("sh", "-c", f"printf '{pin}' > /etc/apt/preferences.d/no-goodapp")
    scan(fresh_lab, "bookworm")
    [update] = [one for one in document(host)["updates"] if one["name"] == "lab-goodapp"]
    assert (update["candidate"], update["blocked"], update["security"]) == ("1.1", True, True)


@pytest.mark.parametrize(
    ("security_fault", "status", "told"),
    [
        (("bad-signature", "bookworm-security"), "unreadable", "signatures were invalid: BADSIG"),
        (("expired", "bookworm-security"), "expired", "is expired (invalid since"),
        (("mirror-error", "503"), "unreadable", "503 Service Unavailable"),
        (("mirror-error", "401"), "unentitled", "401 Unauthorized"),
    ],
    indirect=["security_fault"],
)
@pytest.mark.usefixtures("security_fault")
def test_a_host_whose_security_repository_fails_is_not_called_clean(
    security_fault: Lab, status: str, told: str
) -> None:
    result = scan(security_fault, "bookworm")
    source = document(security_fault.host("bookworm"))["security_source"]
    assert (source["status"], told in source["reason"]) == (status, True)
    assert f"more may be missing, the security source is {status}" in result["summary"]
    refresh = document(security_fault.host("bookworm"))["refresh"]
    assert refresh["ok"] is False
    assert "http://mirror.lab/debian-security/ bookworm-security" in {
        error["repository"] for error in refresh["errors"]
    }


@pytest.mark.parametrize("release", ["bookworm", "trixie"])
def test_a_frozen_or_replayed_security_archive_is_not_called_ok(fresh_lab: Lab, release: str) -> None:
    suite, host = BrokenDebianSuite(fresh_lab.paths, f"{release}-security"), fresh_lab.host(release)
    assert security_source(fresh_lab, release)["sources"][0]["moved"] == "first"
    assert security_source(fresh_lab, release)["sources"][0]["moved"] == "same"
    suite.date_back(timedelta(days=100))
    # apt itself keeps the newer index, unless it has lost it.
    assert security_source(fresh_lab, release)["sources"][0]["moved"] == "same"
    host.run("sh", "-c", "rm -rf /var/lib/apt/lists/*")
    replayed = security_source(fresh_lab, release)
    assert (replayed["status"], replayed["sources"][0]["moved"]) == ("replayed", "backward")
    host.run("rm", "/var/lib/patchops/sources.json")
    frozen = security_source(fresh_lab, release)
    assert (frozen["status"], "100 days old, and the limit is 45" in frozen["reason"]) == ("frozen", True)
    declared = {"frozen_until": "2999-12-31", "frozen_reason": "content view 12"}
    result = run_module(fresh_lab, release, "host_info", {"security_sources": declared})
    told = document(host)["security_source"]
    assert (told["status"], told["as_of"]) == ("ok", frozen["as_of"])
    assert f"as of {frozen['as_of'][:10]}" in result["summary"]
    assert "content view 12" in result["summary"]
    suite.put_right()


@pytest.mark.parametrize("release", RELEASES)
def test_a_security_archive_with_another_key_than_the_distributions_is_not_believed(
    fresh_lab: Lab, release: str
) -> None:
    host = fresh_lab.host(release)
    assert [one["by_distribution"] for one in security_repositories(fresh_lab, host)] == [True]
    # To this host the lab's key, which apt goes on to accept, is now that of anybody.
    host.run("rm", "/usr/share/keyrings/debian-archive-keyring.gpg")
    [claiming] = security_repositories(fresh_lab, host)
    source = document(host)["security_source"]
    assert (claiming["signed"], claiming["by_distribution"]) == (True, False)
    assert (source["status"], source["not_believed"]) == ("untrusted", [claiming["id"]])
    terms = {"keys": claiming["signers"]}
    result = run_module(fresh_lab, release, "host_info", {"security_sources": terms})
    assert result["host"]["security_source"]["status"] == "ok"


def security_source(lab: Lab, host: str) -> dict[str, Any]:
    """What a scan says of a host's security source."""
    found: dict[str, Any] = scan(lab, host)["host"]["security_source"]
    return found


def security_repositories(lab: Lab, host: LabHost) -> list[dict[str, Any]]:
    """What a scan says of each of a host's security repositories."""
    scan(lab, host.name)
    return [one for one in document(host)["repositories"] if one["security"]]


def test_a_host_without_a_security_repository_is_not_called_clean(odd_lab: Lab) -> None:
    result = scan(odd_lab, "unsafe")
    assert result["host"]["security_source"]["status"] == "absent"
    assert "more may be missing, the security source is absent" in result["summary"]


def test_the_kernels_of_a_host_are_listed_and_a_marker_asks_for_a_reboot(odd_lab: Lab) -> None:
    host = odd_lab.host("kernel")
    host.run(
        "sh", "-c", "echo linux-image-cloud-amd64 > /run/reboot-required.pkgs; touch /run/reboot-required"
    )
    scan(odd_lab, "kernel")
    kept = document(host)
    # The kernel of the machine that runs the container is of none of its packages.
    assert (kept["kernel"]["running_package"], kept["kernel"]["newest_installed"]) == (None, None)
    assert kept["kernel"]["installed"][-1]["release"].endswith("-cloud-amd64")
    assert kept["reboot"] == {
        "required": True,
        "reasons": [{"code": "marker", "detail": "asked for by linux-image-cloud-amd64"}],
    }
    assert [one["name"] for one in kept["other_updaters"]] == ["unattended-upgrades"]


@pytest.mark.parametrize(
    ("host", "environment", "code", "told"),
    [
        ("asks", {}, "become_failed", "Missing sudo password"),
        ("asks", {"ANSIBLE_BECOME_PASS": "wrong"}, "become_failed", "Incorrect sudo password"),
        ("bare", {}, "python_missing", "/usr/bin/python3"),
    ],
)
@pytest.mark.parametrize("pipelining", ["True", "False"])
def test_a_host_that_lets_nobody_ask_gives_an_outcome_with_its_name(
    odd_lab: Lab, host: str, environment: dict[str, str], code: str, told: str, pipelining: str
) -> None:
    result = scan(odd_lab, host, ANSIBLE_PIPELINING=pipelining, **environment)
    assert result["outcome"]["code"] == code
    assert told in result["outcome"]["message"]


def test_the_right_sudo_password_lets_us_ask(odd_lab: Lab) -> None:
    assert scan(odd_lab, "asks", ANSIBLE_BECOME_PASS="s3cret")["outcome"]["code"] == "collected"


def test_a_host_that_is_down_is_unreachable_and_stays_in_the_play(odd_lab: Lab) -> None:
    odd_lab.host("stopped").stop()
    result = scan(odd_lab, "stopped", ANSIBLE_TIMEOUT="5")
    assert result["outcome"]["class"] == "unreachable"
    assert result["summary"].startswith("stopped: ")
    assert result["summary"].endswith("nothing was changed.")
    assert "unreachable" not in result


def test_a_changed_host_key_is_not_taken_for_a_host_that_is_down(fresh_lab: Lab) -> None:
    host = fresh_lab.host("bullseye")
    host.run("sh", "-c", "rm /etc/ssh/ssh_host_* && ssh-keygen -A && systemctl restart ssh")
    result = scan(fresh_lab, "bullseye")
    assert result["outcome"]["code"] == "host_key_changed"
    assert "10.99." in result["summary"]


def test_a_link_that_is_cut_during_the_call_ends_it_as_lost(fresh_lab: Lab) -> None:
    host = fresh_lab.host("bookworm")
    host.run("sh", "-c", "rm -rf /var/lib/apt/lists/*")
    faults.inject(fresh_lab, "slow-mirror", "2000")
    # Without our keep-alive this would hang for as long as the mirror is slow.
    environment = module_environment(ANSIBLE_SSH_ARGS="-o ServerAliveInterval=1 -o ServerAliveCountMax=3")
    scanning = subprocess.Popen(
        module_command(fresh_lab, "bookworm", "host_info", {"refresh": True}),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    _wait_for_refresh(host)
    faults.inject(fresh_lab, "cut", "bookworm")
    result = read_result(*scanning.communicate(timeout=600))
    faults.clear(fresh_lab, "cut", "bookworm")
    assert result["outcome"]["code"] == "connection_lost"


def _wait_for_refresh(host: LabHost) -> None:
    ends = time.monotonic() + 300
    while host.try_run("pgrep", "-f", "apt-get update").returncode != 0:
        assert time.monotonic() < ends, "the scan did not begin to read the repositories"
        time.sleep(0.1)
