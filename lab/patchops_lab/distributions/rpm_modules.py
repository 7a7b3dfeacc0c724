# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A modular RPM repository: one package in two streams, of which a host enables one."""

import platform
from pathlib import Path

from patchops_lab.commands import run

MODULE, PACKAGE = "labmod", "lab-modapp"
OLD, NEW, OTHER = "1.0-1.el9", "1.1-1.el9", "2.0-1.el9"
STREAMS = {"1": (OLD, NEW), "2": (OTHER,)}
_CONTEXT, _NUMBER = "c0ffee42", "20260101000000"
_SPEC = """\
%global debug_package %{{nil}}
Name: {package}
Version: {version}
Release: {release}
Summary: A package in two streams
License: MIT
BuildArch: noarch
ModularityLabel: {module}:{stream}:{number}:{context}
%description
A package in two streams.
%install
mkdir -p %{{buildroot}}/usr/share/{package}
echo {version} > %{{buildroot}}/usr/share/{package}/version
%files
/usr/share/{package}/version
"""
_DOCUMENT = """\
---
document: modulemd
version: 2
data:
  name: {module}
  stream: "{stream}"
  version: {number}
  context: {context}
  arch: {arch}
  summary: A module of the lab
  description: A module of the lab
  license:
    module: [MIT]
  profiles:
    default:
      rpms: [{package}]
  artifacts:
    rpms:
{artifacts}
...
"""


def publish(directory: Path) -> None:
    """Make the repository, unsigned, in a directory."""
    directory.mkdir(parents=True)
    for stream, versions in STREAMS.items():
        for version in versions:
            _build(stream, version, directory)
    run(["createrepo_c", "--quiet", str(directory)], doing="index the lab's modular packages")
    modules = directory / "modules.yaml"
    modules.write_text("".join(map(_document, STREAMS)), encoding="utf-8")
    run(
        ["modifyrepo_c", "--mdtype=modules", str(modules), str(directory / "repodata")],
        doing="add the modules to the lab's modular repository",
    )


def _document(stream: str) -> str:
    artifacts = "\n".join(f"      - {PACKAGE}-0:{version}.noarch" for version in STREAMS[stream])
    return _DOCUMENT.format(
        module=MODULE,
        stream=stream,
        number=_NUMBER,
        context=_CONTEXT,
        arch=platform.machine(),
        package=PACKAGE,
        artifacts=artifacts,
    )


def _build(stream: str, version: str, directory: Path) -> None:
    number, _, release = version.partition("-")
    spec = directory / "package.spec"
    spec.write_text(
        _SPEC.format(
            package=PACKAGE,
            version=number,
            release=release,
            module=MODULE,
            stream=stream,
            number=_NUMBER,
            context=_CONTEXT,
        ),
        encoding="utf-8",
    )
    work = directory / "work"
    defines = {
        "_topdir": work,
        "_rpmdir": directory,
        "_dbpath": work / "db",
        "_build_name_fmt": "%%{NVRA}.rpm",
    }
    words = [word for key, value in defines.items() for word in ("--define", f"{key} {value}")]
    run(["rpmbuild", "-bb", "--quiet", *words, str(spec)], doing=f"build {PACKAGE} {version}")
    spec.unlink()
