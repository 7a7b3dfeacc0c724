# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The images that hosts are made of: a Debian release as its archive has it, made into a distribution."""

import json
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from patchops_lab.cache import cached, content_key
from patchops_lab.commands import ISOLATED, run
from patchops_lab.distributions import DISTRIBUTIONS
from patchops_lab.image_spec import ImageSpec
from patchops_lab.mirrors import Mirrors
from patchops_lab.progress import Progress, silent, told
from patchops_lab.spec import HostSpec

ADMIN, ADMIN_ID = "admin", 1000
_BASE = ("systemd", "systemd-sysv", "dbus", "openssh-server", "iproute2", "ca-certificates", "sudo")
# Each would change the host behind a test's back; a test that wants one of them enables it.
_DISABLED_UNITS = (
    "timers.target.wants/apt-daily.timer",
    "timers.target.wants/apt-daily-upgrade.timer",
    "getty.target.wants/getty@tty1.service",
)
_MASKED_UNITS = ("console-getty.service", "systemd-networkd-wait-online.service")


def image_of(host: HostSpec, architecture: str) -> ImageSpec:
    """The image a host needs."""
    distribution = DISTRIBUTIONS[host.release]
    packages = {*_BASE, *distribution.packages_of(host, architecture)}
    changes = distribution.image_changes
    return ImageSpec(host.release, tuple(sorted(packages)), content_key(changes) if changes else "")


def ensure_images(
    specs: Iterable[ImageSpec], mirrors: Callable[[], Mirrors], progress: Progress = silent
) -> dict[ImageSpec, Path]:
    """Build what is missing, as many at once as there are processors; returns each image's root directory.

    :param mirrors: asked only when something has to be built
    """
    wanted = sorted(set(specs), key=lambda spec: spec.key)
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        roots = pool.map(lambda spec: ensure_image(spec, mirrors, progress), wanted)
        return dict(zip(wanted, roots, strict=True))


def ensure_image(spec: ImageSpec, mirrors: Callable[[], Mirrors], progress: Progress = silent) -> Path:
    """The root directory of an image, built first when it is not in the cache."""
    distribution = DISTRIBUTIONS[spec.release]

    def build(place: Path) -> None:
        root = place / "root"
        run(
            [
                *ISOLATED,
                "mmdebstrap",
                "--quiet",
                "--variant=minbase",
                "--dpkgopt=force-unsafe-io",
                f"--include={','.join(spec.packages)}",
                distribution.suite,
                str(root),
                "-",
            ],
            doing=f"build the image of {spec.release}",
            stdin=mirrors().archive_line(distribution.suite),
        )
        _prepare(root)
        distribution.prepare(root)
        (place / "image.json").write_text(json.dumps(asdict(spec), indent=1) + "\n", encoding="utf-8")

    def build_aloud(place: Path) -> None:
        with told(progress, f"building the image of {spec.release} (once; about a minute)"):
            build(place)

    return cached("images", spec.key, build_aloud) / "root"


def _prepare(root: Path) -> None:
    """Make a fresh Debian into a host's image: a user, no identity, nothing that acts by itself."""
    user = ["--create-home", "--uid", str(ADMIN_ID), "--shell", "/bin/bash", ADMIN]
    run(
        ["useradd", "--root", str(root), *user],
        doing=f"add the user {ADMIN} to the image",
    )
    units = root / "etc/systemd/system"
    for unit in _DISABLED_UNITS:
        (units / unit).unlink(missing_ok=True)
    for unit in _MASKED_UNITS:
        _replace_link(units / unit, "/dev/null")
    wanted = units / "multi-user.target.wants"
    wanted.mkdir(parents=True, exist_ok=True)
    _replace_link(wanted / "systemd-networkd.service", "/lib/systemd/system/systemd-networkd.service")
    for key in (root / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    for sources in [root / "etc/apt/sources.list", *(root / "etc/apt/sources.list.d").iterdir()]:
        sources.unlink(missing_ok=True)
    for identity in ("etc/machine-id", "var/lib/dbus/machine-id", "etc/resolv.conf"):
        (root / identity).unlink(missing_ok=True)


def _replace_link(link: Path, target: str) -> None:
    link.unlink(missing_ok=True)
    link.symlink_to(target)
