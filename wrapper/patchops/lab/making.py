# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lays out a lab on disk, ready to be started: images, repository, keys, disks of hosts, inventory."""

from pathlib import Path

from patchops.lab import apps, network, rpm_apps, rpm_images, rpm_repository
from patchops.lab.commands import run
from patchops.lab.hosts import copy_tree
from patchops.lab.images import ensure_images, ensure_layer, image_of, machine_architecture
from patchops.lab.inventory import inventory, ssh_config
from patchops.lab.mirrors import machine_mirrors
from patchops.lab.paths import LabPaths, prepare_state_root
from patchops.lab.pools import Pool, ensure_pools
from patchops.lab.progress import Progress
from patchops.lab.repository import Repository, ensure_apps
from patchops.lab.seed import Seed, hashed, plant
from patchops.lab.signing import create_key
from patchops.lab.spec import HostSpec, LabSpec
from patchops.lab.state import HostRecord, LabRecord, write_record


def make(paths: LabPaths, spec: LabSpec, progress: Progress) -> LabRecord:
    """Lay out a lab; nothing of it may exist yet.

    :raises LabError: a step failed; what was laid out until then is still there
    """
    architecture = machine_architecture()
    image_specs = {host.name: image_of(host, architecture) for host in spec.hosts}
    images = ensure_images(image_specs.values(), machine_mirrors, progress)
    of_debian = {image_specs[host.name] for host in spec.hosts if not host.has_rpm}
    pools = ensure_pools({key: images[key] for key in of_debian}, machine_mirrors, progress)

    prepare_state_root(paths.state.parent)
    for directory in (paths.state, paths.ssh_config.parent, paths.runtime, paths.ssh_sockets):
        directory.mkdir(parents=True, mode=0o700)
    progress("signing the lab's own package repository")
    repository_key = create_key(paths.signing_home)
    repository = Repository(paths.repository, paths.signing_home, architecture)
    debian = [host for host in spec.hosts if not host.has_rpm]
    _publish(repository, debian, {host.name: pools[image_specs[host.name]] for host in debian}, spec.old_gone)
    rpm_names = {name for host in spec.hosts if host.has_rpm for name in rpm_apps.APPS}
    if rpm_names:
        offered = rpm_repository.offered(rpm_names, old_gone=spec.old_gone)
        rpm_repository.RpmRepository(paths.repository, paths.signing_home).publish(offered)

    debs, _stanzas = ensure_apps(name for host in debian for name in apps.with_companions(_apps_of(host)))
    hosts = []
    for number, host in enumerate(spec.hosts):
        image = images[image_specs[host.name]]
        layer = _rpm_layer(image, host) if host.has_rpm else ensure_layer(image, _apps_of(host), debs)
        lower = (layer, image) if layer else (image,)
        hosts.append(HostRecord(host, paths.machine(number), network.host_address(number), lower))
    record = LabRecord(spec, tuple(hosts))
    _plant(paths, record, repository_key)
    write_record(paths, record)
    paths.inventory.write_text(inventory(paths, record), encoding="utf-8")
    paths.ssh_config.write_text(ssh_config(paths, record), encoding="utf-8")
    return record


def _publish(repository: Repository, hosts: list[HostSpec], pools: dict[str, Pool], old_gone: bool) -> None:
    """Publish what the Debian hosts need; pools by host name."""
    for release in sorted({host.release for host in hosts}):
        chosen = [host for host in hosts if host.release == release]
        # Each image's pool once, and in an order that doesn't depend on that of the hosts.
        of_release = {pools[host.name].directory: pools[host.name] for host in chosen}
        names = apps.served_with(tuple(name for host in chosen for name in host.apps))
        repository.publish_release(
            release, [of_release[place] for place in sorted(of_release)], names, old_gone=old_gone
        )
    repository.publish_vendor(old_gone=old_gone)


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
        plant(seed.files(), own.seed, image)
        copy_tree(own.seed, own.upper)
    paths.known_hosts.write_text("".join(known), encoding="ascii")


def _apps_of(host: HostSpec) -> tuple[str, ...]:
    return (*host.apps, apps.VENDOR_APP) if host.third_party_repo else host.apps


def _rpm_layer(image: Path, host: HostSpec) -> Path | None:
    names = rpm_apps.with_companions((*host.apps, rpm_apps.KERNEL) if host.kernel else host.apps)
    packages = [rpm_repository.Package(name, rpm_apps.versions_of(name)[0]) for name in names]
    return rpm_images.ensure_layer(image, list(rpm_repository.ensure_packages(packages).values()))


def _make_ssh_key(paths: LabPaths, name: str) -> str:
    """Make an ssh key in the lab's ssh directory; returns its public half."""
    file = paths.ssh_config.parent / name
    run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"patchops-lab-{name}", "-f", str(file)],
        doing=f"make the ssh key {file}",
    )
    return file.with_suffix(".pub").read_text(encoding="ascii")
