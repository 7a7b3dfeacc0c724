# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long assessment takes: feeds, one host beside debsecan, oscap and dnf, a fleet, one new advisory.

    python wrapper/benchmarks/assessment.py [--shared FOLDER] [--hosts 10000] [--json]

Each part runs in a process of its own, so that its memory is its own. CPU is that of the process, wall
includes waiting.
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from dnf_root import DnfRoot, missing_tools
from other_formats import apt_configuration, debsecan_feed, oval
from synthetic_fleet import SyntheticFleet

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import (
    Advisory,
    Affected,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.build import import_feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.database import AdvisoryDatabase
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories import read_inventory
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching import Matcher
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.fleet_index import FleetIndex
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.rules import ReleaseRules
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.shared_packages import SharedPackages

NOW = datetime(2026, 8, 22, tzinfo=timezone.utc)
RELEASE = "debian:bookworm"
PACKAGES = 700
ROUNDS = 5
FEEDS = (
    ("jsonl", "debian/dsa-dla.jsonl.gz", ""),
    ("kev", "kev/kev-2025-11-18.csv", ""),
    ("updateinfo", "almalinux/updateinfo-el9.xml.gz", "almalinux:9"),
    ("osv", "almalinux/osv.tar.xz", ""),
)
ONE_HOST = """
import sys
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.database import AdvisoryDatabase
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories import read_inventory
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching import Matcher
database, kind, inventory, os_release = sys.argv[1:]
with AdvisoryDatabase.open(database) as opened:
    for finding in Matcher(opened).assess(read_inventory(kind, inventory, os_release))["findings"]:
        for one in finding["binaries"]:
            if kind == "rpm-list":
                print(finding["advisory"], one["name"] + "-" + finding["fixed"])
                continue
            for cve in finding["cves"]:
                print(cve, one["name"])
"""


@contextmanager
def measured(into: dict[str, Any]) -> Iterator[None]:
    """Wall and CPU seconds of the block."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    into["wall"], into["cpu"] = time.perf_counter() - wall, time.process_time() - cpu


def build(shared: Path, database: Path) -> dict[str, Any]:
    """Import the real feeds into a new database."""
    rows = {}
    for kind, path, release in FEEDS:
        row: dict[str, Any] = {}
        with measured(row):
            source = import_feed(database, kind, Feed(shared / path, release=release), name=kind, now=NOW)
        rows[kind] = {**row, "records": source.records}
    return {"feeds": rows, "bytes": database.stat().st_size}


def one_host(shared: Path, database: Path) -> dict[str, Any]:
    """Our process beside debsecan's and oscap's, on the 947-package host and the same advisories; median of
    five.

    pairs: of CVE and binary package. Without a tool its row is missing.
    """
    hosts = shared / "debian" / "hosts"
    os_release = hosts / "os-release"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        status = folder / "status"
        status.write_bytes(gzip.decompress((hosts / "dpkg-status.sandbox-python.gz").read_bytes()))
        ours = [sys.executable, "-c", ONE_HOST, str(database), "dpkg-status", str(status), str(os_release)]
        result = {"patchops": process(ours)}
        result["one more host in a running process"] = matching(database, "dpkg-status", status, os_release)
        more = result["one more host in a running process"]["cpu"]
        if shutil.which("debsecan"):
            (folder / "bookworm").write_bytes(debsecan_feed(database, RELEASE))
            theirs = [
                "debsecan",
                "--suite",
                "bookworm",
                "--source",
                f"file://{folder}",
                "--status",
                str(status),
            ]
            result["debsecan"] = process(theirs)
            result["debsecan"]["times one more host"] = result["debsecan"]["cpu"] / more
        if shutil.which("oscap"):
            document = read_inventory("dpkg-status", status, os_release)
            definitions, stands_for = oval(database, RELEASE, document)
            (folder / "oval.xml").write_text(definitions)
            environment = {"APT_CONFIG": str(apt_configuration(folder, status))}
            result["oscap"] = process(
                ["oscap", "oval", "eval", str(folder / "oval.xml")], environment, stands_for
            )
            result["oscap"]["times one more host"] = result["oscap"]["cpu"] / more
    return result


def one_rpm_host(shared: Path) -> dict[str, Any]:
    """Our process beside `dnf updateinfo`, on a host of 700 rpm packages and the same advisories.

    pairs: of advisory and package. Without dnf and what builds such a host it says what is missing.
    """
    if missing := missing_tools():
        return {"not measured, missing": ", ".join(missing)}
    with tempfile.TemporaryDirectory() as name:
        host = DnfRoot(Path(name), shared / "almalinux" / "updateinfo-el9.xml.gz", PACKAGES)
        # The database of the other parts has the same advisories from OSV too.
        alone = Path(name) / "advisories.sqlite3"
        import_feed(
            alone, "updateinfo", Feed(shared / "almalinux/updateinfo-el9.xml.gz", "almalinux:9"), now=NOW
        )
        ours = [sys.executable, "-c", ONE_HOST, str(alone), "rpm-list", str(host.rpm_list)]
        result = {
            "patchops": process([*ours, str(host.os_release)]),
            "one more host in a running process": matching(alone, "rpm-list", host.rpm_list, host.os_release),
            "dnf updateinfo": process(host.updateinfo, host.environment, columns=(0, 2)),
        }
    more = result["one more host in a running process"]["cpu"]
    result["dnf updateinfo"]["times one more host"] = result["dnf updateinfo"]["cpu"] / more
    return result


def matching(database: Path, kind: str, inventory: Path, os_release: Path) -> dict[str, Any]:
    """What one more host costs in a running process: its inventory is read, then matched."""
    reading, judging = [], []
    with AdvisoryDatabase.open(database) as opened:
        matcher = Matcher(opened, now=NOW)
        for _ in range(ROUNDS + 1):
            started = time.process_time()
            document = read_inventory(kind, inventory, os_release)
            read = time.process_time()
            matcher.assess(document)
            reading.append(read - started)
            judging.append(time.process_time() - read)
    return {"reading cpu": statistics.median(reading[1:]), "cpu": statistics.median(judging[1:])}


def process(
    command: list[str],
    environment: Mapping[str, str] | None = None,
    stands_for: Mapping[str, tuple[str, ...]] | None = None,
    columns: tuple[int, int] = (0, 1),
) -> dict[str, Any]:
    """Median wall and CPU seconds of a process, and how many pairs it prints.

    columns: which words of a line are the pair. stands_for: for one that prints "Definition ID: true", the
    pairs behind each definition.
    """
    walls, cpus = [], []
    pairs: set[tuple[str, ...]] = set()
    for _ in range(ROUNDS):
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        printed = subprocess.run(
            command, check=True, capture_output=True, text=True, env={**os.environ, **(environment or {})}
        ).stdout
        walls.append(time.perf_counter() - started)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpus.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        lines = [line.split() for line in printed.splitlines()]
        if stands_for is None:
            longest = max(columns)
            pairs = {(words[columns[0]], words[columns[1]]) for words in lines if len(words) > longest}
        else:
            true = [words[1].rstrip(":") for words in lines if words[-1] == "true"]
            pairs = {tuple(pair.split()) for name in true for pair in stands_for[name]}
    return {"wall": statistics.median(walls), "cpu": statistics.median(cpus), "pairs": len(pairs)}


def command_line(shared: Path, database: Path) -> dict[str, Any]:
    """CPU of the command line, each also as a multiple of Python's own start (`python -c pass`)."""
    hosts = shared / "debian" / "hosts"
    with tempfile.TemporaryDirectory() as name:
        status = Path(name) / "status"
        status.write_bytes(gzip.decompress((hosts / "dpkg-status.sandbox-python.gz").read_bytes()))
        patchops = [sys.executable, "-m", "patchops"]
        inventory = ["--dpkg-status", str(status), "--os-release", str(hosts / "os-release")]
        commands = {
            "--help": [*patchops, "--help"],
            "assess of one file": [*patchops, "assess", *inventory, "--db", str(database), "--json"],
            "status of an empty state": [*patchops, "status"],
        }
        environment = {"PATCHOPS_DATA": str(Path(name) / "data")}
        start = process([sys.executable, "-c", "pass"])["cpu"]
        result: dict[str, Any] = {"python -c pass": {"cpu": start}}
        for label, command in commands.items():
            cpu = process(command, environment)["cpu"]
            result[label] = {"cpu": cpu, "times the start of Python": cpu / start}
    return result


def fleet(shared: Path, database: Path, hosts: int) -> dict[str, Any]:
    """Assess every host of the fleet; with and without reading its document from JSON."""
    synthetic = SyntheticFleet(shared / "debian" / "hosts", PACKAGES)
    result: dict[str, Any] = {"hosts": hosts, "packages": PACKAGES}
    with AdvisoryDatabase.open(database) as opened:
        parts: tuple[tuple[str, Iterator[Any], Callable[[Any], Any]], ...] = (
            ("matching", synthetic.documents(hosts), _same),
            ("reading and matching", synthetic.texts(hosts), SharedPackages().loads),
        )
        for label, documents, reading in parts:
            matcher, findings, cpu = Matcher(opened, now=NOW), 0, 0.0
            # Made some at a time: making one cools the caches, which reading one from a store does not.
            while made := list(islice(documents, 100)):
                started = time.process_time()
                for document in made:
                    findings += len(matcher.assess(reading(document))["findings"])
                cpu += time.process_time() - started
            result[label] = {"cpu": cpu, "findings": findings}
    result["peak MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return result


def _same(document: Any) -> Any:
    return document


def new_advisory(shared: Path, database: Path, hosts: int) -> dict[str, Any]:
    """A new advisory against a fleet that is indexed already."""
    synthetic = SyntheticFleet(shared / "debian" / "hosts", PACKAGES)
    index, indexing, asking = FleetIndex(), 0.0, dict[str, Any]()
    for document in synthetic.documents(hosts):
        started = time.process_time()
        index.add(document["host"], RELEASE, document["packages"])
        indexing += time.process_time() - started
    fix = Affected(RELEASE, "openssl", "fixed", "3.0.99-1~deb12u1")
    with AdvisoryDatabase.open(database) as opened:
        rules = {RELEASE: ReleaseRules(opened, RELEASE)}
        with measured(asking):
            concerned = index.concerned_by(Advisory("DSA-9999-1", affected=(fix,)), rules)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "indexing cpu": indexing,
        **asking,
        "hosts missing it": len(concerned["missing"]),
        "peak MB": peak,
    }


def apart(part: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
    """Run a part in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(part, arguments)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    here = Path(__file__).resolve().parents[2]
    parser.add_argument(
        "--shared", type=Path, default=here.parent / "shared" / "data", help="the reference data"
    )
    parser.add_argument("--hosts", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if not options.shared.is_dir():
        sys.exit(f"The reference data is missing: {options.shared}. Name its folder with --shared.")
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "advisories.sqlite3"
        result = {
            "load": os.getloadavg()[0],
            "feed build": apart(build, options.shared, database),
            "command line": apart(command_line, options.shared, database),
            "one host": apart(one_host, options.shared, database),
            "one host with rpm": apart(one_rpm_host, options.shared),
            "fleet": apart(fleet, options.shared, database, options.hosts),
            "one new advisory": apart(new_advisory, options.shared, database, options.hosts),
        }
    if options.json:
        print(json.dumps(result, indent=2))
    else:
        print_rows(result, "")


def print_rows(value: dict[str, Any], indent: str) -> None:
    for key, inner in value.items():
        if isinstance(inner, dict):
            print(f"{indent}{key}")
            print_rows(inner, f"{indent}  ")
        else:
            unit = " s" if key.endswith(("wall", "cpu")) else ""
            print(
                f"{indent}{key}: {inner:.3f}{unit}" if isinstance(inner, float) else f"{indent}{key}: {inner}"
            )


if __name__ == "__main__":
    main()
