# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.access import (
    needs_confirmation,
    valid_pattern,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.arguments import read_selection


def plan(*names: str, **more: Any) -> dict[str, Any]:
    return {"packages": [{"name": name, **more} for name in names]}


@pytest.mark.parametrize(
    "name",
    [
        "openssh-server",
        "openssh-clients",
        "libpam0g",
        "libpam-modules",
        "pam",
        "sudo",
        "sudo-rs",
        "doas",
        "polkitd",
        "systemd",
        "systemd-resolved",
        "ifupdown",
        "netplan.io",
        "network-manager",
        "NetworkManager-libnm",
        "wicked",
        "iproute2",
        "iproute",
        "nftables",
        "iptables-nft",
        "firewalld",
        "ufw",
        "resolvconf",
        "isc-dhcp-client",
        "dhcpcd-base",
        "sssd-common",
        "libnss-systemd",
        "nss-softokn",
        "libkrb5-3",
        "krb5-libs",
        "libssl3",
        "libssl3t64",
        "openssl-libs",
        "libopenssl3",
        "libcrypt1",
        "libxcrypt",
        "libc6",
        "glibc",
        "python3.11-minimal",
        "python3-libs",
        "python311-base",
        "platform-python",
        "selinux-policy-targeted",
    ],
)
def test_what_a_login_goes_through_is_known(name: str) -> None:
    assert needs_confirmation(plan("tzdata", name), "required", 900)["by"] == [name]


@pytest.mark.parametrize("name", ["nginx", "tzdata", "linux-image-amd64", "apache2", "python3-yaml", "vim"])
def test_other_packages_lock_nobody_out(name: str) -> None:
    told = needs_confirmation(plan(name), "required", 900)
    assert told == {"needed": False, "by": [], "stays": [], "within": 900, "reason": None}


def test_a_site_names_its_own() -> None:
    told = needs_confirmation(plan("acme-vpn-client", "nginx"), "required", 60, ["acme-*"])
    assert (told["needed"], told["by"], told["within"]) == (True, ["acme-vpn-client"], 60)


@pytest.mark.parametrize(
    ("way_back", "within", "reason"),
    [("required", 0, "confirm_within is 0"), ("none", 900, "there is no way back (way_back: none)")],
)
def test_where_nothing_would_be_taken_back_nobody_waits_and_the_plan_says_why(
    way_back: str, within: int, reason: str
) -> None:
    told = needs_confirmation(plan("openssh-server"), way_back, within)
    assert (told["needed"], told["reason"]) == (False, reason)


def test_what_packages_do_not_take_back_is_named() -> None:
    told = needs_confirmation(plan("sudo", way_back="forward_only"), "required", 900)
    assert (told["needed"], told["stays"]) == (False, ["sudo"])
    assert told["reason"] == "packages don't take back sudo"


@pytest.mark.parametrize("text", ["acme-vpn", "acme*", "lib?-x+y", "*"])
def test_a_pattern_is_letters_of_package_names_with_stars(text: str) -> None:
    assert valid_pattern(text)


@pytest.mark.parametrize("text", ["", "-x", "a b", "a/b", "[a-z]", "x" * 200, 7, "a\n"])
def test_anything_else_is_no_pattern(text: Any) -> None:
    assert not valid_pattern(text)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"confirm_within": 5}, "confirm_within is 5: 0 for never, or 20 to 86400 seconds"),
        ({"confirm_within": -1}, "confirm_within is -1"),
        ({"access_packages": ["a b"]}, "access_packages: 'a b'"),
    ],
)
def test_bad_arguments_are_named(options: dict[str, Any], told: str) -> None:
    params = {"id": None, "state": "applied", "confirm_within": 900, "access_packages": [], **options}
    with pytest.raises(DriverError, match=told.replace(".", r"\.")) as caught:
        read_selection(params)
    assert caught.value.code == "bad_arguments"
