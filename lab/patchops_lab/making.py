# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lays out a lab on disk, ready to be started: images, repository, keys, disks of hosts, inventory."""

from patchops_lab import disks, network
from patchops_lab.commands import run
from patchops_lab.distributions import DISTRIBUTIONS
from patchops_lab.distributions.base import ImagedHost
from patchops_lab.hosts import copy_tree
from patchops_lab.image_spec import machine_architecture
from patchops_lab.images import ensure_images, image_of
from patchops_lab.inventory import inventory, ssh_config
from patchops_lab.mirrors import machine_mirrors
from patchops_lab.paths import LabPaths, prepare_state_root
from patchops_lab.progress import Progress
from patchops_lab.seed import Seed, hashed, plant
from patchops_lab.signing import create_key
from patchops_lab.spec import LabSpec
from patchops_lab.state import HostRecord, LabRecord, write_record


def make(paths: LabPaths, spec: LabSpec, progress: Progress) -> LabRecord:
    """Lay out a lab; nothing of it may exist yet.

    :raises LabError: a step failed; what was laid out until then is still there
    """
    image_specs = {host.name: image_of(host, machine_architecture()) for host in spec.hosts}
    roots = ensure_images(image_specs.values(), machine_mirrors, progress)
    images = {name: roots[image] for name, image in image_specs.items()}

    prepare_state_root(paths.state.parent)
    for directory in (paths.state, paths.ssh_config.parent, paths.runtime, paths.ssh_sockets):
        directory.mkdir(parents=True, mode=0o700)
    progress("signing the lab's own package repository")
    repository_key = create_key(paths.signing_home)
    for release in sorted({host.release for host in spec.hosts}):
        chosen = [
            ImagedHost(host, image_specs[host.name], images[host.name])
            for host in spec.hosts
            if host.release == release
        ]
        DISTRIBUTIONS[release].publish(paths, chosen, spec.old_gone, progress)

    hosts = []
    for number, host in enumerate(spec.hosts):
        image = images[host.name]
        layer = DISTRIBUTIONS[host.release].ensure_layer(image, host)
        lower = (layer, image) if layer else (image,)
        hosts.append(HostRecord(host, paths.machine(number), network.host_address(number), lower))
    record = LabRecord(spec, tuple(hosts))
    _plant(paths, record, repository_key)
    write_record(paths, record)
    paths.inventory.write_text(inventory(paths, record), encoding="utf-8")
    paths.ssh_config.write_text(ssh_config(paths, record), encoding="utf-8")
    return record


def _plant(paths: LabPaths, record: LabRecord, repository_key: str) -> None:
    """Make the keys of the lab and the disk of each host."""
    authorized_key = _make_ssh_key(paths, "key")
    addresses = {network.MIRROR_NAME: network.mirror_address()}
    addresses |= {host.name: host.address for host in record.hosts}
    known = []
    for host in record.hosts:
        kind, key = _make_ssh_key(paths, f"host-{host.name}").split()[:2]
        known.append(f"{host.name},{host.address} {kind} {key}\n")
        image, password = host.lower[-1], host.spec.sudo_password
        seed = Seed(
            spec=host.spec,
            address=host.address,
            addresses=addresses,
            authorized_key=authorized_key,
            host_key=(paths.ssh_config.parent / f"host-{host.name}").read_text(encoding="ascii"),
            shadow=(image / "etc/shadow").read_text(encoding="utf-8"),
            password_hash=hashed(password) if password else None,
            repository_key=repository_key,
        )
        own = paths.host(host.name)
        if host.spec.disk_mib is not None:
            disks.attach(own, host.spec.disk_mib)
        plant(seed.files(), own.seed, image)
        copy_tree(own.seed, own.upper)
    paths.known_hosts.write_text("".join(known), encoding="ascii")


def _make_ssh_key(paths: LabPaths, name: str) -> str:
    """Make an ssh key in the lab's ssh directory; returns its public half."""
    file = paths.ssh_config.parent / name
    run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"patchops-lab-{name}", "-f", str(file)],
        doing=f"make the ssh key {file}",
    )
    return file.with_suffix(".pub").read_text(encoding="ascii")
