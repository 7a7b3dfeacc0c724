# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts a command speaks of: those of an inventory, all that were scanned, or one inventory file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.fleet import HostInput
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.host_facts import HostFacts
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories import read_inventory
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories.spdx import is_tag_value
from patchops.assessment.hosts import facts_of, inventory_facts, scanned_hosts, with_documents
from patchops.cli.options import inventory_name_option
from patchops.errors import InputError
from patchops.paths import DataDirectory
from patchops.store.state import host_documents

_F = TypeVar("_F", bound=Callable[..., Any])
_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
_FILE_OR_FOLDER = click.Path(exists=True, readable=True, path_type=Path)
_KINDS = {
    "dpkg_status": "dpkg-status",
    "rpm_list": "rpm-list",
    "apk_installed": "apk-installed",
}
_SBOMS = {"bomFormat": "cyclonedx", "spdxVersion": "spdx"}
_OF_ONE_FILE = ("os_release", "host", "expect_packages", "expect_sha256")
_OF_A_FILE = ("os_release", "host", "exposure", "criticality", "expect_packages", "expect_sha256")


@dataclass(frozen=True)
class Chosen:
    """The hosts. from_file: they are what nobody scanned, told by inventory files. single: it is one file."""

    hosts: Iterable[HostInput]
    from_file: bool
    single: bool = False


def host_options(function: _F) -> _F:
    """`-i`, `--limit`, the vault's password, and the inventory files."""
    for decorate in (
        click.option(
            "--expect-packages",
            metavar="N",
            type=int,
            help="Refuse that file with another number of packages.",
        ),
        click.option("--expect-sha256", metavar="HASH", help="Refuse that file with another hash."),
        click.option("--host", metavar="NAME", help="The name of that host (default: the file's name)."),
        click.option(
            "--os-release", metavar="FILE", type=_FILE, help="The os-release of that inventory file."
        ),
        click.option(
            "--sbom",
            metavar="FILE|DIR",
            type=_FILE_OR_FOLDER,
            help="A CycloneDX or SPDX document instead, or a folder of them, one for each image.",
        ),
        click.option("--apk-installed", metavar="FILE", type=_FILE, help="An apk database instead."),
        click.option("--rpm-list", metavar="FILE", type=_FILE, help="The output of rpm -qa instead."),
        click.option("--dpkg-status", metavar="FILE", type=_FILE, help="A dpkg status file instead."),
        click.option(
            "--vault-password-file", metavar="FILE", type=_FILE, multiple=True, help="Vault password file."
        ),
        click.option("--limit", "-l", metavar="PATTERN", help="Hosts or groups of the inventory."),
        inventory_name_option,
        click.option(
            "--inventory",
            "-i",
            "inventories",
            metavar="INVENTORY",
            multiple=True,
            envvar="PATCHOPS_INVENTORY",
            help="The hosts of this inventory by their last scan (repeatable); without it all scanned hosts.",
        ),
    ):
        function = decorate(function)
    return function


def choose(given: Mapping[str, Any], data: DataDirectory) -> Chosen:
    """The hosts that the options name. Raises InputError for options that contradict each other."""
    files = {kind: given[option] for option, kind in _KINDS.items() if given[option] is not None}
    sbom = given["sbom"]
    if sbom is not None and not sbom.is_dir():
        files[_sbom_kind(sbom)] = sbom
    elif sbom is not None:
        if files or given["inventories"]:
            raise InputError("Several inventories are given.", "Assess a folder by itself, without -i.")
        return Chosen(_from_folder(sbom, given), from_file=True)
    if not files:
        return Chosen(_scanned(given, data), from_file=False)
    if len(files) > 1 or given["inventories"]:
        raise InputError("Several inventories are given.", "Assess one file at a time, without -i.")
    [(kind, path)] = files.items()
    return Chosen([_from_file(kind, path, given)], from_file=True, single=True)


def _scanned(given: Mapping[str, Any], data: DataDirectory) -> Iterable[HostInput]:
    for option in _OF_A_FILE:
        if given.get(option) is not None:
            name = option.replace("_", "-")
            raise InputError(
                f"--{name} belongs to an inventory file.",
                "Give --dpkg-status, --rpm-list, --apk-installed or --sbom, or leave it out.",
            )
    documents = host_documents(data)
    if given["inventories"]:
        vault = [str(path) for path in given["vault_password_file"]]
        facts = inventory_facts(given["inventories"], given["limit"], vault, given["inventory_name"])
        return with_documents(facts, documents)
    if given["limit"]:
        raise InputError("--limit needs an inventory.", "Name it with -i.")
    if not documents:
        raise InputError(
            f"No host was ever scanned into {data.documents}.",
            "Run `patchops scan -i INVENTORY`, or assess an inventory file, for instance with --dpkg-status.",
        )
    return scanned_hosts(documents)


def _from_file(kind: str, path: Path, given: Mapping[str, Any]) -> HostInput:
    name = given["host"] or path.name
    try:
        document = read_inventory(
            kind, path, given["os_release"], name, given["expect_sha256"] or "", given["expect_packages"]
        )
    except FeedError as error:
        raise InputError(str(error)) from None
    return HostInput(_facts(name, given), document)


def _facts(name: str, given: Mapping[str, Any]) -> HostFacts:
    variables = {
        "patchops_exposure": given.get("exposure"),
        "patchops_criticality": given.get("criticality"),
    }
    return facts_of(name, [], variables)


def _from_folder(folder: Path, given: Mapping[str, Any]) -> list[HostInput]:
    """A host for each file of a folder of SBOMs. One that can't be read is a host that can't be known."""
    for option in _OF_ONE_FILE:
        if given.get(option) is not None:
            name = option.replace("_", "-")
            raise InputError(f"--{name} belongs to one file.", "Leave it out, or give the file alone.")
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    if not files:
        raise InputError(f"{folder} has no file.", "Name a folder of CycloneDX or SPDX documents.")
    return [_readable(path, given) for path in files]


def _readable(path: Path, given: Mapping[str, Any]) -> HostInput:
    try:
        return _from_file(_sbom_kind(path), path, given)
    except InputError as error:
        return HostInput(_facts(path.name, given), None, str(error.message).rstrip("."))


def _sbom_kind(path: Path) -> str:
    try:
        feed = Feed(path)
        if is_tag_value(feed):
            return "spdx"
        document = feed.document()
    except FeedError as error:
        raise InputError(str(error), "Give a CycloneDX or SPDX document.") from None
    for key, kind in _SBOMS.items():
        if isinstance(document, dict) and key in document:
            return kind
    raise InputError(f"{path} is neither CycloneDX nor SPDX.", "Convert it to one of them as JSON.")
