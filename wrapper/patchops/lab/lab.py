# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes labs, opens them and takes them down."""

import shutil
import time

from patchops.lab import apps, cgroups, control, network, requirements
from patchops.lab.cache import locked
from patchops.lab.commands import run
from patchops.lab.errors import LabError
from patchops.lab.hosts import LabHost, copy_tree
from patchops.lab.images import ensure_images, ensure_layer, image_of
from patchops.lab.inventory import inventory, ssh_config
from patchops.lab.mirrors import machine_mirrors
from patchops.lab.paths import LabPaths, prepare_state_root
from patchops.lab.pools import ensure_pools
from patchops.lab.progress import Progress, silent
from patchops.lab.repository import Repository, ensure_apps
from patchops.lab.seed import Seed, hashed, plant
from patchops.lab.signing import create_key
from patchops.lab.spec import HostSpec, LabSpec, checked
from patchops.lab.state import HostRecord, LabRecord, read_record, write_record


class Lab:
    """A lab that was made."""

    def __init__(self, paths: LabPaths, record: LabRecord) -> None:
        self.paths = paths
        self.record = record

    @classmethod
    def open(cls, name: str) -> "Lab":
        """The lab of this name.

        :raises LabError: there is none
        """
        paths = LabPaths.of(name)
        return cls(paths, read_record(paths))

    @classmethod
    def up(cls, spec: LabSpec, progress: Progress = silent) -> "Lab":
        """Make a lab and wait until one can log in to every host; what a crashed one left is cleaned first.

        :param progress: is told what is going on, a line at a time
        :raises LabError: something is missing on this machine, a lab of this name runs, or a step failed
            (then what was made of the lab is removed again)
        """
        requirements.demand()
        checked(spec)
        paths = LabPaths.of(spec.name)
        with locked(paths.lock):
            if _answers(paths):
                raise LabError(
                    f"The lab {spec.name} is up already. Use it, or 'patchops lab down {spec.name}' first."
                )
            _remove(paths)
            try:
                return cls._make(paths, spec, progress)
            except BaseException:
                _remove(paths)
                raise

    @classmethod
    def _make(cls, paths: LabPaths, spec: LabSpec, progress: Progress) -> "Lab":
        started = time.monotonic()
        architecture = machine_architecture()
        image_specs = {host.name: image_of(host, architecture) for host in spec.hosts}
        images = ensure_images(image_specs.values(), machine_mirrors, progress)
        pools = ensure_pools(images, machine_mirrors, progress)
        progress("signing the lab's own package repository")
        prepare_state_root(paths.state.parent)
        for directory in (paths.state, paths.ssh_config.parent, paths.runtime, paths.ssh_sockets):
            directory.mkdir(parents=True, mode=0o700)
        repository_key = create_key(paths.signing_home)
        repository = Repository(paths.repository, paths.signing_home, architecture)
        for release in sorted({host.release for host in spec.hosts}):
            chosen = [host for host in spec.hosts if host.release == release]
            # The same image twice, or an order that changes, would change the repository.
            of_release = sorted({image_specs[host.name] for host in chosen}, key=lambda image: image.key)
            names = apps.served_with(tuple(name for host in chosen for name in host.apps))
            repository.publish_release(
                release, [pools[image] for image in of_release], names, old_gone=spec.old_gone
            )
        repository.publish_vendor(old_gone=spec.old_gone)

        debs, _stanzas = ensure_apps(
            name for host in spec.hosts for name in apps.with_companions(host_apps(host))
        )
        records = []
        for number, host in enumerate(spec.hosts):
            image = images[image_specs[host.name]]
            layer = ensure_layer(image, host_apps(host), debs)
            lower = (layer, image) if layer else (image,)
            records.append(HostRecord(host, paths.machine(number), network.host_address(number), lower))
        lab = cls(paths, LabRecord(spec, tuple(records)))
        progress(f"hosts to start: {len(records)}")
        lab._plant(repository_key)
        write_record(paths, lab.record)
        paths.inventory.write_text(inventory(paths, lab.record), encoding="utf-8")
        paths.ssh_config.write_text(ssh_config(paths, lab.record), encoding="utf-8")

        requirements.allow_many_hosts()
        control.start_supervisor(paths)
        control.ask(paths, "start", [host.name for host in lab.record.hosts])
        for started_host in lab.hosts:
            started_host.wait_until_up()
        progress(f"hosts up: {len(records)}, after {time.monotonic() - started:.0f} s")
        return lab

    def _plant(self, repository_key: str) -> None:
        paths, hosts = self.paths, self.record.hosts
        authorized_key = make_ssh_key(paths, "key")
        addresses = {network.MIRROR_NAME: network.mirror_address()} | {
            host.name: host.address for host in hosts
        }
        known = []
        for host in hosts:
            public = make_ssh_key(paths, f"host-{host.name}")
            kind, key = public.split()[:2]
            known.append(f"{host.name},{host.address} {kind} {key}\n")
            private = paths.ssh_config.parent / f"host-{host.name}"
            image = host.lower[-1]
            password = host.spec.sudo_password
            seed = Seed(
                spec=host.spec,
                address=host.address,
                addresses=addresses,
                authorized_key=authorized_key,
                host_key=private.read_text(encoding="ascii"),
                shadow=(image / "etc/shadow").read_text(encoding="utf-8"),
                password_hash=hashed(password) if password else None,
                repository_key=repository_key,
            )
            own = paths.host(host.name)
            plant(seed.files(), own.seed, image)
            copy_tree(own.seed, own.upper)
        paths.known_hosts.write_text("".join(known), encoding="ascii")

    @property
    def name(self) -> str:
        """The lab's name."""
        return self.record.spec.name

    @property
    def hosts(self) -> list[LabHost]:
        """Its hosts."""
        return [LabHost(self.paths, record) for record in self.record.hosts]

    def host(self, name: str) -> LabHost:
        """The host of this name.

        :raises LabError: there is none
        """
        return LabHost(self.paths, self.record.host(name))

    @property
    def repository(self) -> Repository:
        """Its package repository."""
        return Repository(self.paths.repository, self.paths.signing_home, machine_architecture())

    def is_running(self) -> bool:
        """Whether its supervisor answers."""
        return _answers(self.paths)

    def inside(self, *command: str) -> list[str]:
        """The command, run in the lab's own network."""
        return [*network.inside(self.paths), *command]

    def down(self) -> None:
        """Take it down and remove all of it."""
        take_down(self.name)


def take_down(name: str) -> None:
    """Remove a lab: its processes, mounts, control groups, network and files, also what a crashed one left.

    :raises LabError: there is no lab of this name, or something of it can't be removed
    """
    paths = LabPaths.of(name)
    with locked(paths.lock):
        if not _left(paths):
            raise LabError(f"There is no lab {name!r} in {paths.state.parent}; nothing was removed.")
        _remove(paths)


def host_apps(host: HostSpec) -> tuple[str, ...]:
    """The lab's own packages a host starts with."""
    return (*host.apps, apps.VENDOR_APP) if host.third_party_repo else host.apps


def machine_architecture() -> str:
    """Debian's name for the architecture of this machine, and so of the hosts."""
    return run(["dpkg", "--print-architecture"], doing="find this machine's architecture").strip()


def make_ssh_key(paths: LabPaths, name: str) -> str:
    """Make an ssh key in the lab's ssh directory; returns its public half."""
    file = paths.ssh_config.parent / name
    run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"patchops-lab-{name}", "-f", str(file)],
        doing=f"make the ssh key {file}",
    )
    return file.with_suffix(".pub").read_text(encoding="ascii")


def _answers(paths: LabPaths) -> bool:
    try:
        control.ask(paths, "status")
    except LabError:
        return False
    return True


def _left(paths: LabPaths) -> bool:
    return paths.state.exists() or paths.runtime.exists()


def _remove(paths: LabPaths) -> None:
    network.close_shared_connections(paths)
    cgroups.kill(paths.cgroup)
    cgroups.remove(paths.cgroup)
    for directory in (paths.runtime, paths.state):
        if directory.exists():
            shutil.rmtree(directory)
