# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read and check the lab file."""

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import yaml

from patchops_lab.distributions import DISTRIBUTIONS
from patchops_lab.errors import LabError
from patchops_lab.spec import HostSpec, LabSpec

_NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9.+-]+")


def read_lab_file(path: Path, name: str | None = None) -> LabSpec:
    """Read a lab file (YAML).

    :param name: overrides the name in the file
    :raises LabError: the file can't be read or isn't a lab; names the place and the value
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LabError(f"Could not read the lab file {path}: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise LabError(f"The lab file {path} is not valid YAML: {error}") from error
    try:
        return parse_lab(document, name)
    except LabError as error:
        raise LabError(f"The lab file {path} can't be used: {error}") from error


def parse_lab(document: object, name: str | None = None) -> LabSpec:
    """Turn a loaded lab file into a LabSpec.

    Its keys: name, old_gone, defaults (settings of every host), hosts (name to settings). A host with
    "count: 3" stands for three hosts, numbered from 1.

    :raises LabError: what is wrong, where, and what is allowed there
    """
    lab = _mapping(document, "the file")
    _known_keys(lab, {"name", "old_gone", "defaults", "hosts"}, "the file")
    defaults = _mapping(lab.get("defaults"), "defaults")
    hosts: list[HostSpec] = []
    for host_name, given in _mapping(lab.get("hosts"), "hosts").items():
        settings = {**defaults, **_mapping(given, f"hosts.{host_name}")}
        count = settings.pop("count", None)
        if count is not None and (not isinstance(count, int) or not 1 <= count <= 250):
            raise LabError(f"hosts.{host_name}.count: {count!r} is not a number from 1 to 250.")
        spec = _host(str(host_name), settings)
        hosts += (
            [spec] if count is None else [replace(spec, name=f"{spec.name}{n + 1}") for n in range(count)]
        )
    old_gone = lab.get("old_gone", False)
    if not isinstance(old_gone, bool):
        raise LabError(f"old_gone: {old_gone!r} is neither true nor false.")
    return checked(LabSpec(name or str(lab.get("name", "lab")), tuple(hosts), old_gone))


def checked(lab: LabSpec) -> LabSpec:
    """Return the lab if its parts fit together.

    :raises LabError: the first thing that doesn't
    """
    if not _NAME.fullmatch(lab.name):
        raise LabError(f"The lab's name {lab.name!r} must be lower-case letters, digits and dashes.")
    if not lab.hosts:
        raise LabError("hosts: there is none; name at least one.")
    by_name: dict[str, HostSpec] = {}
    for host in lab.hosts:
        _check_host(host)
        if host.name in by_name:
            raise LabError(f"hosts.{host.name}: there are two hosts of this name.")
        by_name[host.name] = host
    for host in lab.hosts:
        if host.bastion is not None and (host.bastion not in by_name or by_name[host.bastion].bastion):
            raise LabError(
                f"hosts.{host.name}.bastion: {host.bastion!r} must be a host of this lab without a bastion."
            )
    return lab


def _check_host(host: HostSpec) -> None:
    where = f"hosts.{host.name}"
    if not _NAME.fullmatch(host.name):
        raise LabError(
            f"{where}: a host's name is lower-case letters, digits and dashes, and starts with a letter."
        )
    distribution = DISTRIBUTIONS.get(host.release)
    if distribution is None:
        raise LabError(f"{where}.release: {host.release!r} is not one of {', '.join(DISTRIBUTIONS)}.")
    for package in host.packages:
        if not _PACKAGE.fullmatch(package):
            raise LabError(f"{where}.packages: {package!r} is not the name of a Debian package.")
    distribution.check_apps(host, where)
    for setting in sorted(distribution.missing_settings):
        if getattr(host, setting):
            raise LabError(f"{where}.{setting}: a host of {host.release} has no such thing.")
    for group in host.groups:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", group):
            raise LabError(f"{where}.groups: {group!r} must be lower-case letters, digits and underscores.")
    if host.python_apt and not host.python:
        raise LabError(f"{where}.python_apt: needs python.")


def _host(name: str, settings: Mapping[str, Any]) -> HostSpec:
    where = f"hosts.{name}"
    kinds = {item.name: item.type for item in fields(HostSpec) if item.name != "name"}
    _known_keys(settings, set(kinds), where)
    values: dict[str, Any] = {}
    for key, value in settings.items():
        if kinds[key] == tuple[str, ...]:
            if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
                raise LabError(f"{where}.{key}: {value!r} is not a list of names.")
            values[key] = tuple(value)
        elif kinds[key] is bool:
            if not isinstance(value, bool):
                raise LabError(f"{where}.{key}: {value!r} is neither true nor false.")
            values[key] = value
        elif key == "disk_mib":
            if value is not None and (not isinstance(value, int) or not 100 <= value <= 100_000):
                raise LabError(f"{where}.{key}: {value!r} is not a number of MiB from 100 to 100000.")
            values[key] = value
        elif key == "variables":
            values[key] = _mapping(value, f"{where}.{key}")
        else:
            if value is not None and not isinstance(value, str):
                raise LabError(f"{where}.{key}: {value!r} is not a text; put it in quotes.")
            values[key] = value
    return HostSpec(name=name, **values)


def _mapping(value: object, where: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise LabError(f"{where}: expected names with their values, found {value!r}.")
    return value


def _known_keys(given: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(set(given) - known)
    if unknown:
        raise LabError(f"{where}: {unknown[0]!r} is not known here; known are {', '.join(sorted(known))}.")
