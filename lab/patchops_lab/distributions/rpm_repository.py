# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's signed RPM repository: packages and repodata signed, advisories in its updateinfo."""

import shutil
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from xml.sax.saxutils import escape

from patchops_lab.cache import cached, content_key
from patchops_lab.commands import run
from patchops_lab.distributions import rpm_apps
from patchops_lab.distributions.own_catalogue import OwnPackage
from patchops_lab.distributions.own_repository import OwnRepository
from patchops_lab.distributions.rpm_apps import CATALOGUE
from patchops_lab.signing import OWNER, sign_detached

ID = "baseos"


class RpmRepository(OwnRepository):
    """An RPM repository of one lab."""

    catalogue = CATALOGUE

    @property
    def packages(self) -> Path:
        return self.directory / "Packages"

    @staticmethod
    def ensure(package: OwnPackage) -> Path:
        key = content_key([rpm_apps.spec_of(package), rpm_apps.payload_of(package)])
        return cached("rpms", key, partial(rpm_apps.build, package)) / package.file

    def sign(self, files: Iterable[Path], digest: str = "sha256") -> None:
        macros = {
            "_gpg_name": OWNER,
            "_gpg_path": self._signing_home,
            # Where rpm looks for gpg by itself, Debian has none.
            "__gpg": shutil.which("gpg"),
            "_gpg_digest_algo": digest,
        }
        defines = [word for key, value in macros.items() for word in ("--define", f"{key} {value}")]
        run(["rpmsign", *defines, "--addsign", *map(str, files)], doing="sign the lab's RPM packages")

    def write_lists(self, packages: Iterable[OwnPackage]) -> None:
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


def updateinfo(packages: Iterable[OwnPackage]) -> str:
    """The advisories about the new versions among `packages`, as an updateinfo document."""
    number, notices = 0, []
    for package in packages:
        if not package.updated:
            continue
        number += 1
        notices.append(_notice(number, package))
    return '<?xml version="1.0" encoding="UTF-8"?>\n<updates>\n' + "".join(notices) + "</updates>\n"


def _notice(number: int, package: OwnPackage) -> str:
    app, name = CATALOGUE.apps[package.app], package.name
    kinds = {"security": "RLSA", "bugfix": "RLBA"}
    version, _, release = package.version.partition("-")
    cve = f"CVE-2026-{10000 + number}"
    references = (
        f'<reference href="https://lab.patchops.invalid/{cve}" id="{cve}" type="cve" title="{cve}"/>'
        if app.kind == "security"
        else ""
    )
    reboot = "<reboot_suggested>True</reboot_suggested>" if package.app == CATALOGUE.kernel else ""
    return (
        f'<update from="lab@patchops.invalid" status="final" type="{app.kind}" version="1">'
        f"<id>{kinds[app.kind]}-2026:{number:04d}</id><title>{escape(name)} update</title>"
        f'<issued date="2026-11-01 00:00:00"/><updated date="2026-11-01 00:00:00"/>'
        f"<severity>{app.severity}</severity><references>{references}</references>"
        f"<description>{escape(app.description)}</description>"
        f'<pkglist><collection short="el9"><name>el9</name>'
        f'<package name="{escape(name)}" version="{version}" release="{release}" epoch="0" '
        f'arch="{package.arch}" src="{escape(name)}-{package.version}.src.rpm">'
        f"<filename>{package.file}</filename>{reboot}</package></collection></pkglist></update>\n"
    )
