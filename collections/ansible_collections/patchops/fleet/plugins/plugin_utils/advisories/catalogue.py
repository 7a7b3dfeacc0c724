# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Feeds that are known by name: where their publishers serve them, and of what kind they are."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TRACKER = "https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data"
_OSV = "https://osv-vulnerabilities.storage.googleapis.com"
_SECDB = "https://secdb.alpinelinux.org"
# ".../DLA/list", "DLA.list.gz"
_LTS_LIST = re.compile(r"(?:^|/)DLA(?:/[^/]*|[._-][^/]*)?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FeedSpec:
    """A feed to import. name: of the source in the database; location: an https address, or a path.

    release: the release key, for feeds that don't say it themselves. whole: it speaks of all packages of its
    releases, also where its form does not show it.
    """

    name: str
    kind: str
    location: str
    release: str = ""
    about: str = ""
    whole: bool = False

    @property
    def is_remote(self) -> bool:
        return "://" in self.location


def default_name(kind: str, location: str, release: str = "") -> str:
    """What a feed is called in the database unless somebody names it; a feed of the same name is replaced.

    Debian has two lists of one format, and one must not replace the other.
    """
    if kind == "debian-dsa" and _LTS_LIST.search(location):
        return "debian-dla"
    return f"{kind}-{release.replace(':', '-')}" if release else kind


CATALOGUE: dict[str, FeedSpec] = {
    spec.name: spec
    for spec in (
        FeedSpec("debian-dsa", "debian-dsa", f"{_TRACKER}/DSA/list", about="Debian security advisories"),
        FeedSpec("debian-dla", "debian-dsa", f"{_TRACKER}/DLA/list", about="Debian LTS advisories"),
        FeedSpec(
            "debian-tracker",
            "debian-tracker",
            "https://security-tracker.debian.org/tracker/data/json",
            about="what each Debian release does about each CVE, unfixed ones too",
        ),
        FeedSpec("osv-ubuntu", "osv", f"{_OSV}/Ubuntu/all.zip", about="Ubuntu notices and CVEs"),
        FeedSpec("osv-almalinux", "osv", f"{_OSV}/AlmaLinux/all.zip", about="AlmaLinux errata"),
        FeedSpec("osv-rocky", "osv", f"{_OSV}/Rocky%20Linux/all.zip", about="Rocky Linux errata"),
        FeedSpec("osv-redhat", "osv", f"{_OSV}/Red%20Hat/all.zip", about="Red Hat errata"),
        FeedSpec("osv-suse", "osv", f"{_OSV}/SUSE/all.zip", about="SUSE updates"),
        FeedSpec("osv-opensuse", "osv", f"{_OSV}/openSUSE/all.zip", about="openSUSE updates"),
        FeedSpec("osv-pypi", "osv", f"{_OSV}/PyPI/all.zip", about="Python packages"),
        FeedSpec("osv-npm", "osv", f"{_OSV}/npm/all.zip", about="npm packages"),
        FeedSpec("osv-go", "osv", f"{_OSV}/Go/all.zip", about="Go modules"),
        FeedSpec("osv-maven", "osv", f"{_OSV}/Maven/all.zip", about="Maven artifacts"),
        FeedSpec("osv-debian", "osv", f"{_OSV}/Debian/all.zip", about="Debian advisories and CVEs"),
        FeedSpec("osv-alpine", "osv", f"{_OSV}/Alpine/all.zip", about="Alpine packages, all releases"),
        FeedSpec(
            "arch-tracker",
            "arch-tracker",
            "https://security.archlinux.org/all.json",
            about="what Arch Linux knows of each vulnerability, unfixed ones too",
        ),
        *(
            FeedSpec(
                f"alpine-{version}" + ("" if part == "main" else f"-{part}"),
                "alpine-secdb",
                f"{_SECDB}/{'' if version == 'edge' else 'v'}{version}/{part}.json",
                about=f"Alpine {version}, {part}",
            )
            for version in (*(f"3.{minor}" for minor in range(3, 24)), "edge")
            for part in ("main", "community")
        ),
        FeedSpec(
            "kev",
            "kev",
            "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
            about="CISA's Known Exploited Vulnerabilities",
        ),
        FeedSpec(
            "epss",
            "epss",
            "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz",
            about="probability of exploitation",
        ),
        FeedSpec(
            "vulnrichment",
            "vulnrichment",
            "https://github.com/cisagov/vulnrichment/archive/refs/heads/develop.zip",
            about="CISA's SSVC points and CVSS scores",
        ),
    )
}
