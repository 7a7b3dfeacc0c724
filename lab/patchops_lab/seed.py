# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that make an image into one host: its name, address, keys, users' rights and package sources."""

import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from patchops_lab.commands import run
from patchops_lab.distributions import DISTRIBUTIONS
from patchops_lab.images import ADMIN
from patchops_lab.network import NETWORK
from patchops_lab.spec import HostSpec


@dataclass(frozen=True)
class Seed:
    """What a host is given.

    :ivar addresses: name to address of everything in the lab
    :ivar authorized_key: the public key that opens the host
    :ivar host_key: its own private ssh key
    :ivar shadow: the image's /etc/shadow
    :ivar password_hash: of the user admin; None: sudo asks for nothing
    :ivar repository_key: the public key of the lab's repository
    """

    spec: HostSpec
    address: str
    addresses: Mapping[str, str]
    authorized_key: str
    host_key: str
    shadow: str
    password_hash: str | None
    repository_key: str

    def files(self) -> dict[str, tuple[str, int]]:
        """Path in the host to content and mode."""
        known = "".join(f"{address} {other}\n" for other, address in self.addresses.items())
        rights = "ALL" if self.password_hash else "NOPASSWD: ALL"
        files = {
            "etc/hostname": (f"{self.spec.name}\n", 0o644),
            "etc/hosts": (f"127.0.0.1 localhost\n{known}", 0o644),
            "etc/machine-id": (uuid.uuid4().hex + "\n", 0o444),
            "etc/resolv.conf": ("", 0o644),
            "etc/systemd/network/10-lab.network": (
                f"[Match]\nName=host0\n[Network]\nAddress={self.address}/{NETWORK.prefixlen}\n"
                "LinkLocalAddressing=no\nIPv6AcceptRA=no\n",
                0o644,
            ),
            "etc/ssh/ssh_host_ed25519_key": (self.host_key, 0o600),
            "etc/ssh/lab_authorized_keys": (self.authorized_key, 0o644),
            "etc/ssh/sshd_config.d/lab.conf": (self._sshd(), 0o644),
            "etc/sudoers.d/lab": (f"{ADMIN} ALL=(ALL:ALL) {rights}\n", 0o440),
            **DISTRIBUTIONS[self.spec.release].host_files(self.spec, self.repository_key),
        }
        if self.password_hash:
            files["etc/shadow"] = (_with_password(self.shadow, self.password_hash), 0o640)
        return files

    def _sshd(self) -> str:
        allowed = f"{ADMIN}@{self.addresses[self.spec.bastion]}" if self.spec.bastion else ADMIN
        return (
            "HostKey /etc/ssh/ssh_host_ed25519_key\nAuthorizedKeysFile /etc/ssh/lab_authorized_keys\n"
            f"PasswordAuthentication no\nPermitRootLogin no\nAllowUsers {allowed}\nMaxStartups 100:30:200\n"
        )


def plant(files: Mapping[str, tuple[str, int]], directory: Path, image: Path) -> None:
    """Write a host's files as an upper directory: directories with the modes they have in the image."""
    directory.mkdir(parents=True)
    for path, (content, mode) in files.items():
        target = directory / path
        for parent in reversed(Path(path).parents[:-1]):
            below, above = image / parent, directory / parent
            if not above.exists():
                above.mkdir()
                above.chmod(below.stat().st_mode & 0o7777 if below.exists() else 0o755)
        target.write_text(content, encoding="utf-8")
        target.chmod(mode)
        if (image / path).exists():
            owner = (image / path).stat()
            os.chown(target, owner.st_uid, owner.st_gid)


def hashed(password: str) -> str:
    """A password as /etc/shadow has it; goes to the program by its input, not its arguments."""
    return run(["openssl", "passwd", "-6", "-stdin"], doing="hash a sudo password", stdin=password).strip()


def _with_password(shadow: str, password_hash: str) -> str:
    lines = []
    for line in shadow.splitlines():
        name, _old, rest = line.split(":", 2)
        lines.append(f"{name}:{password_hash}:{rest}" if name == ADMIN else line)
    return "\n".join(lines) + "\n"
