# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real packages behind an image: every version it has installed, every security update pending.

Fetched by this machine's own apt with directories of its own, so neither the image nor this machine changes.
"""

import json
import re
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from patchops_lab.cache import cached
from patchops_lab.commands import run
from patchops_lab.errors import LabError
from patchops_lab.image_spec import ImageSpec
from patchops_lab.mirrors import Mirrors
from patchops_lab.progress import Progress, silent, told

_NAME_AND_VERSION = "${Package}:${Architecture}=${Version}\n"
# What a suite says of itself; hosts tell main and security apart by these.
_IDENTITY = ("Origin", "Label", "Suite", "Codename", "Version")


@dataclass(frozen=True)
class Suite:
    """One suite of a pool.

    :ivar identity: Origin, Label, ... as Debian's own Release file has them
    :ivar stanzas: its entries of a Packages file, each with a Filename below the pool's directory
    """

    identity: dict[str, str]
    stanzas: tuple[str, ...]


@dataclass(frozen=True)
class Pool:
    """The packages of one image: their directory, the suite it was made from, and its security suite."""

    directory: Path
    main: Suite
    security: Suite


def ensure_pools(
    images: dict[ImageSpec, Path], mirrors: Callable[[], Mirrors], progress: Progress = silent
) -> dict[ImageSpec, Pool]:
    """The pool of each image (root directories given), fetched first when it is not in the cache."""

    def one(item: tuple[ImageSpec, Path]) -> Pool:
        return ensure_pool(item[0], item[1], mirrors, progress)

    # Fetching waits for the network most of the time.
    with ThreadPoolExecutor(max_workers=3) as workers:
        return dict(zip(images, workers.map(one, images.items()), strict=True))


def ensure_pool(
    spec: ImageSpec, image: Path, mirrors: Callable[[], Mirrors], progress: Progress = silent
) -> Pool:
    """The pool of one image, fetched first when it is not in the cache."""

    def fetch(place: Path) -> None:
        with told(progress, f"fetching the packages of {spec.release} and their security updates (once)"):
            _fetch(spec, image, mirrors(), place)

    place = cached("pools", spec.key, fetch)
    identities = json.loads((place / "suites.json").read_text(encoding="utf-8"))
    return Pool(
        place,
        Suite(identities["main"], _stanzas(place / "main.packages")),
        Suite(identities["security"], _stanzas(place / "security.packages")),
    )


def index(directory: Path, below: str) -> str:
    """The Packages file of the .debs in a directory below another one."""
    return run(
        ["apt-ftparchive", "-o", "APT::FTPArchive::AlwaysStat=true", "packages", str(directory / below)],
        doing=f"index the packages in {directory / below}",
    ).replace(f"Filename: {directory}/", "Filename: ")


def split_stanzas(packages_file: str) -> tuple[str, ...]:
    """The entries of a Packages file."""
    return tuple(entry.strip("\n") for entry in re.split(r"\n\n+", packages_file) if entry.strip())


def identity_of(release_file: str) -> dict[str, str]:
    """What a Release file says the suite is."""
    found = re.findall(rf"^({'|'.join(_IDENTITY)}): (.*)$", release_file, re.MULTILINE)
    return dict(found)


def _fetch(spec: ImageSpec, image: Path, mirrors: Mirrors, place: Path) -> None:
    scratch = place / "apt"
    old, new = place / "main", place / "security"
    for directory in (scratch / "lists/partial", scratch / "archives/partial", old, new):
        directory.mkdir(parents=True)
    (scratch / "sources.list").write_text(
        mirrors.archive_line(spec.release) + mirrors.security_line(spec.release), encoding="utf-8"
    )
    apt = ["apt-get", "--quiet", "--yes", *_options(scratch, image)]
    run([*apt, "update"], doing=f"read the archive's lists for {spec.release}")
    installed = run(
        ["dpkg-query", f"--admindir={image}/var/lib/dpkg", "--show", f"--showformat={_NAME_AND_VERSION}"],
        doing=f"list the packages of the image of {spec.release}",
    )
    names = [line.replace(":all=", "=") for line in installed.splitlines()]
    # apt downloads into the directory it runs in.
    try:
        run(
            ["env", f"--chdir={old}", *apt, "download", *names],
            doing=f"fetch the installed packages of {spec.release}",
        )
    except LabError as error:
        raise LabError(
            f"{error}\nThe archive may have moved on since the image was made: "
            f"remove {image.parent} to have it made again."
        ) from error
    run([*apt, "--download-only", "dist-upgrade"], doing=f"fetch the security updates of {spec.release}")
    for deb in (scratch / "archives").glob("*.deb"):
        deb.rename(new / deb.name)
    identities = {}
    for suite, name in ((old, spec.release), (new, f"{spec.release}-security")):
        _drop_epochs(suite.glob("*.deb"))
        (place / f"{suite.name}.packages").write_text(index(place, suite.name), encoding="utf-8")
        release_file = next((scratch / "lists").glob(f"*_dists_{name}_InRelease"))
        identities[suite.name] = identity_of(release_file.read_text(encoding="utf-8"))
    (place / "suites.json").write_text(json.dumps(identities, indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(scratch)


def _options(scratch: Path, image: Path) -> list[str]:
    settings = {
        "Dir::Etc::sourcelist": str(scratch / "sources.list"),
        "Dir::Etc::sourceparts": "-",
        "Dir::Etc::preferences": "-",
        "Dir::Etc::preferencesparts": "-",
        "Dir::State": str(scratch),
        "Dir::State::lists": str(scratch / "lists"),
        "Dir::State::status": str(image / "var/lib/dpkg/status"),
        "Dir::State::extended_states": str(image / "var/lib/apt/extended_states"),
        "Dir::Cache": str(scratch),
        "Dir::Cache::archives": str(scratch / "archives"),
        # The unprivileged user of apt can't write below the cache of root.
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "APT::Get::AllowUnauthenticated": "false",
    }
    return [part for key, value in settings.items() for part in ("-o", f"{key}={value}")]


def _drop_epochs(debs: Iterable[Path]) -> None:
    """Name files as an archive does: apt adds the epoch to the name, escaped."""
    for deb in list(debs):
        deb.rename(deb.with_name(re.sub(r"_\d+%3a", "_", deb.name)))


def _stanzas(path: Path) -> tuple[str, ...]:
    return split_stanzas(path.read_text(encoding="utf-8"))
