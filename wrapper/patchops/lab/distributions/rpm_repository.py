# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's signed RPM repository: packages and repodata signed, advisories in its updateinfo."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from patchops.lab.cache import cached, content_key
from patchops.lab.commands import run
from patchops.lab.distributions import rpm_apps
from patchops.lab.signing import OWNER, sign_detached

ID = "baseos"


@dataclass(frozen=True)
class Package:
    """A package that the repository offers."""

    app: str
    version: str

    @property
    def file(self) -> str:
        """Its file name."""
        return rpm_apps.file_of(self.app, self.version)

    @property
    def name(self) -> str:
        """What the package manager calls it."""
        return rpm_apps.package_of(self.app)


def ensure_packages(packages: Iterable[Package]) -> dict[Package, Path]:
    """Build packages, unsigned, where they are not in the cache yet."""
    return {package: _ensure(package) for package in packages}


def offered(names: Iterable[str], *, old_gone: bool) -> list[Package]:
    """All versions of the apps that a repository offers.

    :param old_gone: the superseded ones are not there any more, as at real mirrors
    """
    found = []
    for name in sorted(set(names)):
        versions = rpm_apps.versions_of(name)
        found += [Package(name, version) for version in (versions[-1:] if old_gone else versions)]
    return found


class RpmRepository:
    """An RPM repository of one lab.

    :param directory: its place below what the mirror serves
    :param signing_home: the key that signs it (patchops.lab.signing)
    """

    def __init__(self, directory: Path, signing_home: Path) -> None:
        self.directory = directory
        self._signing_home = signing_home

    @property
    def packages(self) -> Path:
        """The directory with the packages."""
        return self.directory / "Packages"

    def offers(self) -> list[Package]:
        """What lies there: by name, the older versions first."""
        present = {file.name for file in self.packages.glob("*.rpm")}
        every = [
            Package(name, version)
            for name in sorted(rpm_apps.APPS)
            for version in rpm_apps.all_versions(name)
        ]
        return [package for package in every if package.file in present]

    def publish(self, packages: Iterable[Package]) -> None:
        """Offer these packages and no others."""
        wanted = list(packages)
        pool = self.packages
        pool.mkdir(parents=True, exist_ok=True)
        for present in pool.glob("*.rpm"):
            if present.name not in {package.file for package in wanted}:
                present.unlink()
        new = []
        for package, source in ensure_packages(wanted).items():
            if not (pool / package.file).exists():
                new.append(shutil.copyfile(source, pool / package.file))
        if new:
            self.sign(new)
        self.write_metadata(wanted)

    def sign(self, files: Iterable[Path], digest: str = "sha256") -> None:
        """Sign packages that lie there."""
        macros = {
            "_gpg_name": OWNER,
            "_gpg_path": self._signing_home,
            # Where rpm looks for gpg by itself, Debian has none.
            "__gpg": shutil.which("gpg"),
            "_gpg_digest_algo": digest,
        }
        defines = [word for key, value in macros.items() for word in ("--define", f"{key} {value}")]
        run(["rpmsign", *defines, "--addsign", *map(str, files)], doing="sign the lab's RPM packages")

    def write_metadata(self, packages: Iterable[Package]) -> None:
        """Write and sign the repodata over the packages that lie there."""
        aside = self.directory / "updateinfo.xml"
        aside.write_text(updateinfo(packages), encoding="utf-8")
        run(["createrepo_c", "--quiet", str(self.directory)], doing="index the lab's RPM packages")
        repodata = self.directory / "repodata"
        run(
            ["modifyrepo_c", "--mdtype=updateinfo", str(aside), str(repodata)],
            doing="add the advisories to the lab's RPM repository",
        )
        aside.unlink()
        sign_detached(self._signing_home, repodata / "repomd.xml")


def updateinfo(packages: Iterable[Package]) -> str:
    """The advisories about the new versions among `packages`, as an updateinfo document."""
    number, notices = 0, []
    for package in packages:
        if package.version in (rpm_apps.OLD, rpm_apps.OLD_KERNEL):
            continue
        number += 1
        notices.append(_notice(number, package))
    return '<?xml version="1.0" encoding="UTF-8"?>\n<updates>\n' + "".join(notices) + "</updates>\n"


def _notice(number: int, package: Package) -> str:
    app, name = rpm_apps.APPS[package.app], rpm_apps.package_of(package.app)
    kinds = {"security": "RLSA", "bugfix": "RLBA"}
    version, _, release = package.version.partition("-")
    cve = f"CVE-2026-{10000 + number}"
    references = (
        f'<reference href="https://lab.patchops.invalid/{cve}" id="{cve}" type="cve" title="{cve}"/>'
        if app.kind == "security"
        else ""
    )
    reboot = "<reboot_suggested>True</reboot_suggested>" if package.app == rpm_apps.KERNEL else ""
    return (
        f'<update from="lab@patchops.invalid" status="final" type="{app.kind}" version="1">'
        f"<id>{kinds[app.kind]}-2026:{number:04d}</id><title>{escape(name)} update</title>"
        f'<issued date="2026-11-01 00:00:00"/><updated date="2026-11-01 00:00:00"/>'
        f"<severity>{app.severity}</severity><references>{references}</references>"
        f"<description>{escape(app.description)}</description>"
        f'<pkglist><collection short="el9"><name>el9</name>'
        f'<package name="{escape(name)}" version="{version}" release="{release}" epoch="0" '
        f'arch="{rpm_apps.arch_of(package.app)}" src="{escape(name)}-{package.version}.src.rpm">'
        f"<filename>{package.file}</filename>{reboot}</package></collection></pkglist></update>\n"
    )


def _ensure(package: Package) -> Path:
    def build(place: Path) -> None:
        rpm_apps.build(package.app, package.version, place)

    spec = rpm_apps.spec_of(package.app, package.version)
    key = content_key([spec, rpm_apps.payload_of(package.app, package.version)])
    return cached("rpms", key, build) / package.file
