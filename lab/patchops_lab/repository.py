# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's signed repository: for each release the suite the images were made from and its security suite.

A directory that patchops_lab.mirror serves: debian, debian-security, vendor, each with dists and pool.
"""

import hashlib
import lzma
import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path

from patchops_lab import apps
from patchops_lab.cache import cached, content_key
from patchops_lab.files import replace_file
from patchops_lab.pools import Pool, Suite, index, split_stanzas
from patchops_lab.signing import sign

VENDOR_SUITE = "stable"
# Debian's security archive lets its lists expire as well; a lab may stand for a while.
_SECURITY_VALID = timedelta(days=30)


@dataclass(frozen=True)
class SuitePlace:
    """Where a suite lies in the repository: archive is debian, debian-security or vendor."""

    archive: str
    suite: str

    @property
    def valid(self) -> timedelta | None:
        """For how long its lists are valid; None: for ever."""
        return _SECURITY_VALID if self.archive == "debian-security" else None

    @classmethod
    def main(cls, release: str) -> "SuitePlace":
        """The suite the images were made from."""
        return cls("debian", release)

    @classmethod
    def security(cls, release: str) -> "SuitePlace":
        """The security suite."""
        return cls("debian-security", f"{release}-security")

    @classmethod
    def vendor(cls) -> "SuitePlace":
        """The third party's."""
        return cls("vendor", VENDOR_SUITE)


def ensure_apps(names: Iterable[str]) -> tuple[dict[tuple[str, str], Path], tuple[str, ...]]:
    """Build the lab's own packages.

    :return: (app, version) to its package, and their entries for a Packages file
    """
    built = [(name, version) for name in sorted(set(names)) for version in apps.versions_of(name)]
    if not built:
        return {}, ()

    def build(place: Path) -> None:
        (place / "apps").mkdir()
        for name, version in built:
            apps.build(name, version, place / "apps")
        (place / "packages").write_text(index(place, "apps"), encoding="utf-8")

    key = content_key([[name, version, apps.files_of(name, version)] for name, version in built])
    place = cached("apps", key, build)
    debs = {(name, version): place / "apps" / apps.file_name(name, version) for name, version in built}
    return debs, split_stanzas((place / "packages").read_text(encoding="utf-8"))


def field(stanza: str, name: str) -> str:
    """One field of an entry; empty when it has none."""
    found = re.search(rf"^{name}: (.*)$", stanza, re.MULTILINE)
    return found.group(1) if found else ""


def without_superseded(old: Iterable[str], new: Iterable[str]) -> list[str]:
    """The old entries but for those that a new one replaces: what a real mirror still has."""
    replaced = {field(stanza, "Package") for stanza in new}
    return [stanza for stanza in old if field(stanza, "Package") not in replaced]


def merged(stanzas: Iterable[str]) -> list[str]:
    """Entries without those that name the same package, version and architecture again."""
    by_package = {
        tuple(field(stanza, name) for name in ("Package", "Version", "Architecture")): stanza
        for stanza in stanzas
    }
    return [by_package[key] for key in sorted(by_package)]


class Repository:
    """The repository of one lab.

    :param root: its directory
    :param signing_home: the key that signs it (patchops_lab.signing)
    :param architecture: Debian's name for the machine's architecture
    """

    def __init__(self, root: Path, signing_home: Path, architecture: str) -> None:
        self.root = root
        self._signing_home = signing_home
        self._architecture = architecture

    def publish_release(
        self,
        release: str,
        pools: list[Pool],
        app_names: Iterable[str],
        *,
        old_gone: bool,
    ) -> None:
        """Publish the main and the security suite of one release, for the images of these pools."""
        debs, app_stanzas = ensure_apps(app_names)
        app_files = {deb.name: deb for deb in debs.values()}
        files = {
            stanza_file(stanza): pool.directory / field(stanza, "Filename")
            for pool in pools
            for stanza in (*pool.main.stanzas, *pool.security.stanzas)
        } | app_files
        old_apps = [stanza for stanza in app_stanzas if field(stanza, "Version") == apps.OLD]
        new_apps = [stanza for stanza in app_stanzas if field(stanza, "Version") != apps.OLD]
        old = [stanza for pool in pools for stanza in pool.main.stanzas] + old_apps
        new = [stanza for pool in pools for stanza in pool.security.stanzas] + new_apps
        if old_gone:
            old = without_superseded(old, new)
        self.publish(SuitePlace.main(release), Suite(pools[0].main.identity, tuple(old)), files)
        self.publish(SuitePlace.security(release), Suite(pools[0].security.identity, tuple(new)), files)

    def publish_vendor(self, *, old_gone: bool) -> None:
        """Publish the third party's suite."""
        debs, stanzas = ensure_apps([apps.VENDOR_APP])
        kept = [stanza for stanza in stanzas if not old_gone or field(stanza, "Version") != apps.OLD]
        identity = {
            "Origin": "Lab Vendor",
            "Label": "Lab Vendor",
            "Suite": VENDOR_SUITE,
            "Codename": VENDOR_SUITE,
        }
        self.publish(
            SuitePlace.vendor(), Suite(identity, tuple(kept)), {deb.name: deb for deb in debs.values()}
        )

    def publish(self, place: SuitePlace, suite: Suite, files: dict[str, Path]) -> None:
        """Put a suite's packages into the pool and write and sign its lists.

        :param files: file name to package
        """
        pool = self.pool(place)
        pool.mkdir(parents=True, exist_ok=True)
        for stanza in suite.stanzas:
            _link_or_copy(files[stanza_file(stanza)], pool / stanza_file(stanza))
        self.write_lists(place, suite)

    def write_lists(self, place: SuitePlace, suite: Suite) -> None:
        """Write and sign the lists of a suite; its packages lie in its pool already."""
        stanzas = [
            re.sub(
                r"^Filename: .*$",
                f"Filename: pool/{place.suite}/{stanza_file(stanza)}",
                stanza,
                flags=re.MULTILINE,
            )
            for stanza in merged(suite.stanzas)
        ]
        lists = self.lists(place)
        lists.mkdir(parents=True, exist_ok=True)
        text = "".join(f"{stanza}\n\n" for stanza in stanzas).encode()
        replace_file(lists / "Packages", text)
        replace_file(lists / "Packages.xz", lzma.compress(text, preset=1))
        self.write_release(place, suite.identity, valid=place.valid)

    def pool(self, place: SuitePlace) -> Path:
        """The directory with the packages of a suite."""
        return self.root / place.archive / "pool" / place.suite

    def lists(self, place: SuitePlace) -> Path:
        """The directory with the Packages files of a suite."""
        return self.directory(place) / "main" / f"binary-{self._architecture}"

    def directory(self, place: SuitePlace) -> Path:
        """The directory of a suite below dists/."""
        return self.root / place.archive / "dists" / place.suite

    def write_release(
        self,
        place: SuitePlace,
        identity: dict[str, str],
        *,
        valid: timedelta | None,
        age: timedelta = timedelta(0),
    ) -> None:
        """Write and sign the Release file of a suite over the lists that lie there.

        Its date is that of now: apt takes an older one than it has for a replay and keeps what it has.

        :param valid: for how long from its date; negative: it has expired
        :param age: how much older its date is
        """
        directory = self.directory(place)
        now = datetime.now(timezone.utc) - age
        lines = [f"{name}: {value}" for name, value in identity.items()]
        lines.append(f"Date: {format_datetime(now, usegmt=True)}")
        if valid is not None:
            lines.append(f"Valid-Until: {format_datetime(now + valid, usegmt=True)}")
        lines += [f"Architectures: {self._architecture}", "Components: main", "SHA256:"]
        for file in sorted(path for path in directory.rglob("Packages*") if path.is_file()):
            content = file.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            lines.append(f" {digest} {len(content)} {file.relative_to(directory)}")
        signed = sign(self._signing_home, "\n".join(lines) + "\n")
        replace_file(directory / "InRelease", signed.encode())


def stanza_file(stanza: str) -> str:
    """The name of the file an entry is about."""
    return field(stanza, "Filename").rpartition("/")[2]


def _link_or_copy(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        # The cache is on another file system.
        shutil.copyfile(source, target)
