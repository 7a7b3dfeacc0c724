# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fault does to a host or the mirror what its name says, and can be put right."""

import subprocess
import time
from pathlib import Path

import pytest

from patchops_lab import control, faults
from patchops_lab.distributions import DISTRIBUTIONS
from patchops_lab.errors import LabError
from patchops_lab.hosts import LabHost
from patchops_lab.lab import Lab
from patchops_lab.mirror_faults import put_mirror_right
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab, renew

pytestmark = pytest.mark.lab
SECURITY = "bookworm-security"
GOODAPP = f"{SECURITY}/lab-goodapp"
# A release with each format of repositories.
FORMATS = ("bookworm", "rocky9", "arch")


@pytest.fixture(scope="module")
def one_host_lab(make_lab: MakeLab) -> Lab:
    return make_lab(HostSpec("host", apps=("goodapp",), third_party_repo=True))


@pytest.fixture
def lab(one_host_lab: Lab) -> Lab:
    renew(one_host_lab)
    return one_host_lab


@pytest.fixture
def host(lab: Lab) -> LabHost:
    return lab.host("host")


@pytest.fixture(scope="module")
def all_formats(make_lab: MakeLab) -> Lab:
    return make_lab(
        *(HostSpec(release, release, apps=("goodapp",)) for release in ("bookworm", "rocky9", "arch"))
    )


def install_goodapp(host: LabHost) -> subprocess.CompletedProcess[str]:
    return host.try_run("apt-get", "--yes", "-o", "Acquire::Retries=0", "install", "lab-goodapp")


def update(host: LabHost) -> str:
    done = host.try_run("apt-get", "-o", "Acquire::Retries=0", "update")
    return done.stdout + done.stderr


def test_a_cut_host_runs_on_unreachable_until_it_is_reconnected(lab: Lab, host: LabHost) -> None:
    boot = host.boot_id()
    faults.inject(lab, "cut", "host")
    with pytest.raises(LabError, match="over ssh"):
        host.ssh("true")
    assert host.boot_id() == boot
    faults.clear(lab, "cut", "host")
    assert host.ssh("id", "-un").strip() == "admin"


def test_a_bad_line_loses_packets_until_it_is_mended(lab: Lab, host: LabHost) -> None:
    faults.inject(lab, "loss", "host")
    assert len(host.ssh("seq 200000")) > 1_000_000
    counted = subprocess.run(lab.inside("iptables", "-nvxL"), capture_output=True, text=True, check=True)
    dropped = [int(line.split()[0]) for line in counted.stdout.splitlines() if " DROP " in line]
    faults.clear(lab, "loss", "host")
    assert len(dropped) == 2
    assert all(dropped)


def test_a_host_without_power_stays_down_until_it_is_put_right(lab: Lab, host: LabHost) -> None:
    boot = host.boot_id()
    faults.inject(lab, "power-cut", "host")
    assert not host.state().running
    faults.clear(lab, "power-cut", "host")
    assert host.boot_id() != boot


def test_a_host_that_does_not_return_stays_down_after_its_reboot(lab: Lab, host: LabHost) -> None:
    faults.inject(lab, "no-return", "host")
    assert host.is_up()
    host.run("systemctl", "reboot")
    deadline = time.monotonic() + 300
    while host.state().running and time.monotonic() < deadline:
        time.sleep(0.1)
    assert host.state() == control.HostState(
        running=False, starts=host.state().starts, held=True, exit_status=133
    )
    faults.clear(lab, "no-return", "host")
    assert host.is_up()


def test_a_held_lock_stops_apt_and_names_its_holder(lab: Lab, host: LabHost) -> None:
    faults.inject(lab, "lock", "host")
    refused = install_goodapp(host)
    assert refused.returncode == 100
    assert "python3" in refused.stderr
    faults.clear(lab, "lock", "host")
    update(host)
    assert install_goodapp(host).returncode == 0


def test_a_full_disk_leaves_no_room_for_packages(lab: Lab, host: LabHost) -> None:
    update(host)
    faults.inject(lab, "disk-full", "host")
    refused = host.try_run("apt-get", "--yes", "dist-upgrade")
    assert "You don't have enough free space in /var/cache/apt/archives/" in refused.stderr
    faults.clear(lab, "disk-full", "host")
    assert install_goodapp(host).returncode == 0


def test_a_bad_signature_is_seen(lab: Lab, host: LabHost) -> None:
    faults.inject(lab, "bad-signature", SECURITY)
    assert "BADSIG" in update(host)
    faults.clear(lab, "bad-signature", SECURITY)
    assert "BADSIG" not in update(host)


def test_expired_lists_are_seen(lab: Lab, host: LabHost) -> None:
    update(host)
    faults.inject(lab, "expired", SECURITY)
    assert "bookworm-security/InRelease is expired" in update(host)
    faults.clear(lab, "expired", SECURITY)
    assert "is expired" not in update(host)


def test_a_missing_file_is_seen_when_it_is_fetched(lab: Lab, host: LabHost) -> None:
    update(host)
    faults.inject(lab, "missing-file", GOODAPP)
    assert "404" in install_goodapp(host).stderr
    faults.clear(lab, "missing-file", GOODAPP)
    assert install_goodapp(host).returncode == 0


def test_flipped_bytes_are_seen_when_they_are_fetched(lab: Lab, host: LabHost) -> None:
    update(host)
    faults.inject(lab, "flipped-bytes", GOODAPP)
    assert "Hash Sum mismatch" in install_goodapp(host).stderr
    faults.clear(lab, "flipped-bytes", GOODAPP)
    assert install_goodapp(host).returncode == 0


def test_a_withdrawn_package_is_offered_no_more(lab: Lab, host: LabHost) -> None:
    faults.inject(lab, "withdrawn", GOODAPP)
    update(host)
    assert "1.1" not in host.run("apt-cache", "madison", "lab-goodapp")
    faults.clear(lab, "withdrawn", GOODAPP)
    update(host)
    assert "1.1" in host.run("apt-cache", "madison", "lab-goodapp")


def test_a_rebuilt_package_has_its_version_and_another_hash(lab: Lab, host: LabHost) -> None:
    update(host)
    before = host.run("apt-cache", "show", "lab-goodapp=1.1")
    faults.inject(lab, "rebuilt", GOODAPP)
    update(host)
    after = host.run("apt-cache", "show", "lab-goodapp=1.1")
    assert [line for line in before.splitlines() if line.startswith("SHA256")] != [
        line for line in after.splitlines() if line.startswith("SHA256")
    ]
    assert install_goodapp(host).returncode == 0


def test_a_newer_version_appears_beside_the_others(lab: Lab, host: LabHost) -> None:
    faults.inject(lab, "newer", GOODAPP)
    update(host)
    offered = host.run("apt-cache", "madison", "lab-goodapp")
    assert [line.split("|")[1].strip() for line in offered.splitlines()] == ["1.2", "1.1", "1.0"]


def test_a_slow_mirror_takes_its_time(lab: Lab, host: LabHost) -> None:
    faults.inject(lab, "slow-mirror", "30000")
    started = time.monotonic()
    update(host)
    assert time.monotonic() - started > 2
    faults.clear(lab, "slow-mirror", "30000")


def test_a_mirror_that_is_broken_answers_with_its_status(lab: Lab, host: LabHost) -> None:
    faults.inject(lab, "mirror-error", "503")
    assert "503" in update(host)
    faults.clear(lab, "mirror-error", "503")
    assert "503" not in update(host)


def test_a_fault_in_the_third_party_repository_leaves_the_others_alone(lab: Lab, host: LabHost) -> None:
    faults.inject(lab, "bad-signature", "stable")
    said = update(host)
    assert "http://mirror.lab/vendor stable InRelease: The following signatures were invalid" in said
    assert "http://mirror.lab/debian bookworm InRelease: " not in said
    assert "http://mirror.lab/debian-security bookworm-security InRelease: " not in said


@pytest.mark.parametrize(
    ("kind", "target", "message"),
    [
        ("cut", "nobody", "has no host 'nobody'; it has host"),
        ("expired", "sid", "'sid' is not a suite"),
        ("expired", "trixie", "has no suite 'trixie'"),
        ("missing-file", f"{SECURITY}/nothing", "The suite bookworm-security has no package 'nothing'"),
        ("missing-file", SECURITY, "names no package"),
        ("newer", "bookworm/bash", "is not a package of the lab"),
        ("slow-mirror", "slowly", "'slowly' is not a rate"),
        ("mirror-error", "200", "'200' is not the HTTP status of an error"),
    ],
)
def test_a_target_that_does_not_fit_is_refused(lab: Lab, kind: str, target: str, message: str) -> None:
    with pytest.raises(LabError, match=message):
        faults.inject(lab, kind, target)


@pytest.mark.parametrize("release", FORMATS)
def test_a_mirror_that_was_put_right_has_every_byte_it_had(all_formats: Lab, release: str) -> None:
    renew(all_formats)
    before = files_below(all_formats.paths.repository)
    faults.inject(all_formats, "newer", f"{DISTRIBUTIONS[release].updates_suite}/lab-goodapp")
    assert files_below(all_formats.paths.repository) != before
    put_mirror_right(all_formats)
    assert files_below(all_formats.paths.repository) == before


def files_below(directory: Path) -> dict[Path, bytes]:
    # Without the one that is always dated anew.
    files = (path for path in directory.rglob("*") if path.is_file() and path.name != "InRelease")
    return {path: path.read_bytes() for path in files}
