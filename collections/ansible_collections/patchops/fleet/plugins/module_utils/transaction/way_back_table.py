# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packages can't be put back by packages, before a user says otherwise.

Small on purpose: what is not named here goes back. Not here, although it may look like it:

- the C library, OpenSSL, systemd: within one release their updates change neither data nor symbols, and
  the former packages install over them;
- clients and libraries of the databases: they have no data of their own;
- new kernels: they lie beside the others (same-name updates of one are judged by what else can boot).
"""

from typing import Dict, List, NamedTuple, Tuple

REVERTIBLE = "revertible"
SNAPSHOT_ONLY = "snapshot_only"
FORWARD_ONLY = "forward_only"

Patterns = Tuple[str, ...]
# `patterns`: by family of distributions, shell patterns of binary packages' names.
Entry = NamedTuple("Entry", [("way_back", str), ("reason", str), ("patterns", Dict[str, Patterns])])

# The family whose package names a package manager deals with.
FAMILIES = {
    "apt": "debian",
    "dnf": "redhat",
    "dnf5": "redhat",
    "zypper": "suse",
    "pacman": "arch",
    "apk": "alpine",
}

# Vendors name these alike on every distribution.
_VENDORS_DATABASES = (
    "mongodb-server*",
    "mongodb-org-server",
    "mongodb-enterprise-server",
    "mysql-community-server*",
    "percona-server-*",
    "influxdb",
    "influxdb2",
    "elasticsearch",
    "opensearch",
    "cassandra",
    "clickhouse-server",
)

TABLE: List[Entry] = [
    Entry(
        SNAPSHOT_ONLY,
        "a database may convert its data, and an older version does not read what a newer one has written",
        {
            "debian": _VENDORS_DATABASES + ("postgresql-[0-9]*", "mariadb-server*", "mysql-server*"),
            "redhat": _VENDORS_DATABASES
            + ("postgresql*-server", "mariadb*-server", "mysql*-server", "MariaDB-server*"),
            "suse": _VENDORS_DATABASES + ("postgresql*-server", "mariadb", "mysql-server*"),
            "arch": _VENDORS_DATABASES + ("postgresql", "mariadb", "mysql", "mongodb", "clickhouse"),
            "alpine": ("postgresql[0-9]*", "mariadb", "influxdb"),
        },
    ),
    Entry(
        SNAPSHOT_ONLY,
        "a directory server may convert its database, and an older version does not read the newer one",
        {
            "debian": ("slapd", "389-ds-base", "freeipa-server"),
            "redhat": ("openldap-servers", "389-ds-base", "ipa-server", "freeipa-server"),
            "suse": ("openldap2", "openldap2_[0-9]*", "389-ds"),
            "arch": ("openldap",),
            "alpine": ("openldap",),
        },
    ),
    Entry(
        FORWARD_ONLY,
        "the boot sector or the firmware's partition keeps the newer boot loader, and the firmware may have "
        "revoked the older one",
        {
            "debian": ("shim", "shim-*", "grub-*", "grub2*", "systemd-boot*"),
            "redhat": ("shim", "shim-*", "grub2-*", "systemd-boot*"),
            "suse": ("shim", "grub2", "grub2-*", "systemd-boot*"),
            "arch": ("shim*", "grub"),
            "alpine": ("grub", "grub-*"),
        },
    ),
    Entry(
        FORWARD_ONLY,
        "processors and devices may keep newer microcode or firmware and refuse an older one",
        {
            "debian": ("intel-microcode", "amd64-microcode", "firmware-*", "linux-firmware*"),
            "redhat": ("microcode_ctl", "linux-firmware-*", "*-firmware"),
            "suse": ("ucode-*", "kernel-firmware*"),
            "arch": ("intel-ucode", "amd-ucode", "linux-firmware*"),
            "alpine": ("intel-ucode", "amd-ucode", "linux-firmware*"),
        },
    ),
    Entry(
        FORWARD_ONLY,
        "an older package manager would have to install itself, and to read what the newer one has written",
        {
            "debian": ("apt", "apt-utils", "libapt-pkg*", "dpkg"),
            "redhat": (
                "rpm",
                "rpm-libs",
                "rpm-sequoia",
                "python3-rpm",
                "dnf",
                "dnf-data",
                "dnf5",
                "python3-dnf",
                "libdnf*",
                "python3-libdnf*",
                "python3-hawkey",
                "libsolv",
                "librepo",
                "yum",
                "microdnf",
            ),
            "suse": ("rpm", "librpm*", "zypper", "libzypp", "libsolv-tools*"),
            "arch": ("pacman",),
            "alpine": ("apk-tools", "apk-tools-*"),
        },
    ),
]
