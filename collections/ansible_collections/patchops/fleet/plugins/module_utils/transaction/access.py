# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packages a login goes through: one that is bad locks its administrator out. Pure.

Names are patterns as a shell reads them. Debian's, Red Hat's, SUSE's and Arch's names don't collide.
"""

import fnmatch
import re
from typing import Any, Dict, Iterable, List, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.transaction.way_back_classes import is_revertible

# From the daemon that takes the connection to the shell that runs the module.
_ACCESS = {
    "ssh": ("openssh*", "dropbear*", "tinysshd", "crypto-policies*", "fail2ban*", "sshguard"),
    "login": ("libpam*", "pam", "pam-*", "pam_*", "login", "shadow*", "passwd", "util-linux*", "authselect*"),
    "root": ("sudo", "sudo-*", "doas", "opendoas", "polkit*", "libpolkit*", "policykit*", "selinux-policy*"),
    "accounts": ("sssd*", "libsss*", "nss*", "libnss*", "nscd", "nslcd", "krb5*", "libkrb5*", "libgssapi*"),
    "network": (
        "ifupdown*",
        "netplan*",
        "libnetplan*",
        "network-manager*",
        "NetworkManager*",
        "libnm*",
        "wicked*",
        "iproute*",
        "wpasupplicant",
        "wpa_supplicant",
        "dhcpcd*",
        "isc-dhcp-client*",
        "dhclient",
        "dhcp-client",
        "cloud-init*",
        "wireguard*",
        "openvpn*",
        "strongswan*",
        "tailscale",
    ),
    "firewall": ("nftables*", "libnftables*", "iptables*", "firewalld*", "python3-firewall", "ufw"),
    "resolver": ("resolvconf", "openresolv", "unbound*", "dnsmasq*", "systemd-resolved"),
    # Starts all of them; on Debian the network and the sessions too.
    "init": ("systemd*", "libsystemd*", "libpam-systemd", "udev", "libudev*", "dbus*", "libdbus*"),
    "libraries": (
        "libc6",
        "libc-bin",
        "glibc*",
        "libssl*",
        "openssl*",
        "libopenssl*",
        "libcrypt1",
        "libcrypto*",
        "libxcrypt*",
        "libselinux*",
        "zlib*",
        "libz1",
        "gnutls",
        "libgnutls*",
    ),
    # What runs a module on the host, and so brings the controller back.
    "modules": (
        "bash*",
        "dash",
        "python3",
        "python3-base",
        "python3-libs",
        "python3-minimal",
        "python3[.0-9]*",
        "platform-python*",
        "libpython3*",
    ),
}
_DEFAULT = tuple(pattern for patterns in _ACCESS.values() for pattern in patterns)
_PATTERN = re.compile(r"[A-Za-z0-9*?][A-Za-z0-9+._*?-]{0,127}\Z")

# Seconds. Somebody has to be able to log in meanwhile; a day is longer than anybody waits.
CONFIRM_LIMITS = (20, 86400)


def valid_pattern(text: Any) -> bool:
    """Tell whether `text` is a pattern of package names: their letters, ``*`` and ``?``."""
    return isinstance(text, str) and bool(_PATTERN.match(text))


def access_changes(changes: Iterable[Dict[str, Any]], further: Iterable[str] = ()) -> List[Dict[str, Any]]:
    """Return those of the `changes` of a plan that a login goes through.

    `further`: patterns of a site's own packages.
    """
    patterns = _DEFAULT + tuple(further)
    return [one for one in changes if any(fnmatch.fnmatchcase(str(one["name"]), text) for text in patterns)]


def needs_confirmation(
    plan: Dict[str, Any], way_back: str, within: int, further: Iterable[str] = ()
) -> Dict[str, Any]:
    """Return {needed, by: [package], stays: [package], within, reason} for applying `plan`.

    `stays`: those of `by` that packages don't take back. `within`: seconds, 0 for never. `reason` says why
    it is not needed although `by` names packages.
    """
    found = access_changes(plan["packages"], further)
    by = sorted({str(one["name"]) for one in found})
    stays = sorted({str(one["name"]) for one in found if not is_revertible(one)})
    reason: Optional[str] = None
    if by and not within:
        reason = "confirm_within is 0"
    elif by and way_back == "none":
        reason = "there is no way back (way_back: none)"
    elif by and stays == by:
        reason = f"packages don't take back {', '.join(stays)}"
    needed = bool(by) and reason is None
    return {"needed": needed, "by": by, "stays": stays, "within": within, "reason": reason}
