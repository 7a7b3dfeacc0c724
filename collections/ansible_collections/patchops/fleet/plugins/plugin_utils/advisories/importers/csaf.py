# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CSAF 2.0 documents (JSON), advisories and the VEX profile: Red Hat, SUSE and others that name RPM packages.

An advisory gives one record with its fixes; where SUSE's stand under "recommended", Red Hat's do under
"fixed". A VEX document gives a record for each CVE, named by it, with all
that the vendor says: fixed, affected and put off, not affected, not yet known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import (
    Advisory,
    Affected,
    Cvss,
    Record,
    Status,
    Unread,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.checks import (
    Checked,
    cves_in,
    severity,
    type_of,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.importers.csaf_products import (
    Package,
    Products,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed

_STATUSES: tuple[tuple[str, Status], ...] = (
    ("fixed", "fixed"),
    ("first_fixed", "fixed"),
    ("recommended", "fixed"),
    ("known_affected", "affected"),
    ("first_affected", "affected"),
    ("last_affected", "affected"),
    ("known_not_affected", "not_affected"),
    ("under_investigation", "under_investigation"),
)
OF_ONE_VERSION = "the statement is on another version"
_PUT_OFF = {"no_fix_planned"}
_PUT_OFF_WORDS = ("fix deferred", "will not fix", "out of support scope")


def read(feed: Feed) -> Iterator[Record]:
    """The records of each document: of a file, a folder or an archive."""
    for name, data in feed.documents():
        document = Checked(feed.json(data, name), feed.name, name)
        # A folder or an archive also holds what lists its documents.
        if not (name and _is_index(document)):
            yield from _document(document)


def _is_index(document: Checked) -> bool:
    """Whether it is a ROLIE feed, service or category document, or a provider's or an aggregator's
    metadata."""
    return "document" not in document.value and any(
        key in document.value for key in ("feed", "service", "categories", "metadata_version", "aggregator")
    )


def _document(document: Checked) -> Iterator[Record]:
    head = document.object("document")
    if not head.text("csaf_version", "").startswith("2"):
        raise FeedError(
            document.file, f"{document.place} document.csaf_version", "expected a CSAF 2 document"
        )
    products = Products(document.object("product_tree"))
    unread: list[Unread] = []
    vulnerabilities = document.objects("vulnerabilities")
    per_cve = head.text("category", "") == "csaf_vex"
    for group in [[one] for one in vulnerabilities] if per_cve else [vulnerabilities]:
        advisory = _advisory(head, group, products, per_cve, unread)
        if advisory.affected:
            yield advisory
    yield from unread
    for vulnerability in vulnerabilities:
        yield from _scores(vulnerability)


def _advisory(
    head: Checked, vulnerabilities: list[Checked], products: Products, per_cve: bool, unread: list[Unread]
) -> Advisory:
    tracking = head.object("tracking")
    cves = cves_in(*(one.text("cve", "") for one in vulnerabilities))
    name = cves[0] if per_cve and cves else tracking.text("id")
    affected = dict.fromkeys(
        one for vulnerability in vulnerabilities for one in _affected(vulnerability, products, unread)
    )
    return Advisory(
        name=name,
        type=type_of(name),
        title=head.short("title"),
        severity=severity(head.object("aggregate_severity").text("text", "")),
        issued=tracking.date("initial_release_date"),
        updated=tracking.date("current_release_date"),
        url=_url(head),
        cves=cves,
        affected=tuple(affected),
    )


def _affected(vulnerability: Checked, products: Products, unread: list[Unread]) -> Iterator[Affected]:
    put_off = _put_off(vulnerability)
    said = vulnerability.object("product_status")
    unknown = [(key, "unknown") for key in said.value if key not in dict(_STATUSES)]
    for key, status in [*_STATUSES, *unknown]:
        for identity in said.items(key):
            if not isinstance(identity, str):
                raise said.error(key, "product ids", identity)
            if products.is_empty:
                raise FeedError(vulnerability.file, f"{said.place}.{key}", "no product tree explains it")
            package = products.find(identity)
            if package is None:
                continue
            doubt = package.doubt or _doubt(key, status, package)
            if doubt:
                unread.append(Unread(doubt))
            if doubt and status == "not_affected":
                continue
            note = put_off.get(identity, "") if status == "affected" else ""
            yield from _of_package(package, key, "deferred" if note else status, note, doubt)


def _doubt(key: str, status: str, package: Package) -> str:
    """Why a statement on a package of a known release can't be applied, "" where it can."""
    if status == "unknown":
        return f"the status {key!r} is not known here"
    return "fixed in a version that is not told" if status == "fixed" and not package.version else ""


def _of_package(package: Package, key: str, status: str, note: str, doubt: str) -> Iterator[Affected]:
    version, fixed = package.version, status == "fixed"
    introduced = version if status == "not_affected" or key == "first_affected" else ""
    # What a statement says of one version it doesn't say of others.
    last = "" if fixed or key == "first_affected" else version
    for release, channel in package.products:
        for arch in package.arches:
            place = {"arch": arch, "module": package.module, "channel": channel}
            if doubt:
                yield Affected(release, package.name, "unknown", note=doubt, **place)
                continue
            yield Affected(
                release,
                package.name,
                cast("Status", status),
                fixed=version if fixed else "",
                note=note,
                introduced=introduced,
                last=last,
                **place,
            )
            if last:
                yield Affected(release, package.name, "unknown", note=OF_ONE_VERSION, **place)


def _put_off(vulnerability: Checked) -> dict[str, str]:
    """Products for which no fix is planned, with the vendor's words."""
    found = {}
    for remediation in vulnerability.objects("remediations"):
        details = remediation.short("details")
        if remediation.text("category", "") in _PUT_OFF or details.lower() in _PUT_OFF_WORDS:
            for identity in remediation.items("product_ids"):
                found[str(identity)] = details or "no fix planned"
    return found


def _scores(vulnerability: Checked) -> Iterator[Cvss]:
    cves = cves_in(vulnerability.text("cve", ""))
    scores = [one.object("cvss_v3") for one in vulnerability.objects("scores") if "cvss_v3" in one.value]
    if cves and scores:
        highest = max(scores, key=lambda one: one.number("baseScore"))
        yield Cvss(cves[0], highest.number("baseScore"), highest.text("vectorString", ""))


def _url(head: Checked) -> str:
    links = (one.text("url", "") for one in head.objects("references") if one.text("category", "") == "self")
    return next((one for one in links if one.startswith("https://") and not one.endswith(".json")), "")
