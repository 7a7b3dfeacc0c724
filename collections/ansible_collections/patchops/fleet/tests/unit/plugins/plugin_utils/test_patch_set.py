# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import random
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.module_utils.payload import encode
from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import DocumentError
from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set import (
    PatchSetError,
    Proof,
    build_platforms,
    is_installable,
    patch_set_id,
    read_patch_set,
    seal,
    select_platform,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set_source import (
    load_patch_set,
    patch_set_of_run,
)

NOW = "2026-11-22T10:00:00Z"
BOOKWORM = "debian-12-amd64"


def change(name: str, version: str = "2", action: str = "upgrade", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "arch": "amd64",
        "action": action,
        "from": "1",
        "to": None if action == "remove" else version,
        "sha256": sha256(f"{name}-{version}".encode()).hexdigest(),
        "size": 10,
        "origin": "Debian",
        "suite": "bookworm-security",
        "security": True,
        **more,
    }


def sealed(*changes: dict[str, Any]) -> dict[str, Any]:
    return seal(build_platforms([Proof("web1", BOOKWORM, changes)]), NOW)


def test_each_member_says_where_it_was_proven() -> None:
    platforms = build_platforms(
        [
            Proof("web2", BOOKWORM, [change("openssl")]),
            Proof("web1", BOOKWORM, [change("openssl"), change("curl")]),
        ]
    )
    assert [(one["name"], one["proven_on"]) for one in platforms[BOOKWORM]["packages"]] == [
        ("curl", ["web1"]),
        ("openssl", ["web1", "web2"]),
    ]


def test_platforms_are_kept_apart() -> None:
    platforms = build_platforms(
        [
            Proof("web1", BOOKWORM, [change("openssl", "2")]),
            Proof("old1", "debian-11-amd64", [change("openssl", "1.9")]),
        ]
    )
    assert {key: entry["packages"][0]["version"] for key, entry in platforms.items()} == {
        BOOKWORM: "2",
        "debian-11-amd64": "1.9",
    }


@pytest.mark.parametrize("other", [change("openssl", "3"), change("openssl", sha256="other")])
def test_hosts_that_proved_different_packages_are_both_named(other: dict[str, Any]) -> None:
    with pytest.raises(PatchSetError, match=r"web1 has openssl 2 and web2 has"):
        build_platforms([Proof("web1", BOOKWORM, [change("openssl")]), Proof("web2", BOOKWORM, [other])])


def test_what_is_new_on_one_host_and_an_update_on_another_is_an_update() -> None:
    platforms = build_platforms(
        [
            Proof("web1", BOOKWORM, [change("libnew", action="install")]),
            Proof("web2", BOOKWORM, [change("libnew")]),
        ]
    )
    assert platforms[BOOKWORM]["packages"][0]["action"] == "upgrade"


def test_removals_are_members_and_downgrades_are_not() -> None:
    platforms = build_platforms(
        [Proof("web1", BOOKWORM, [change("gone", action="remove"), change("back", action="downgrade")])]
    )
    assert platforms == {
        BOOKWORM: {"packages": [], "removals": [{"name": "gone", "arch": "amd64", "proven_on": ["web1"]}]}
    }


def test_hosts_without_changes_make_no_platform() -> None:
    assert build_platforms([Proof("web1", BOOKWORM, [])]) == {}


def test_the_id_does_not_depend_on_time_and_name() -> None:
    platforms = build_platforms([Proof("web1", BOOKWORM, [change("openssl")])])
    assert seal(platforms, NOW, "march")["id"] == seal(platforms, "2030-01-01T00:00:00Z")["id"]


@given(st.lists(st.text("abc", min_size=1), unique=True, min_size=1), st.randoms())
def test_the_id_does_not_depend_on_order(names: list[str], chance: random.Random) -> None:
    platforms = build_platforms([Proof("web1", BOOKWORM, [change(name) for name in names])])
    shuffled = {BOOKWORM: {**platforms[BOOKWORM], "packages": platforms[BOOKWORM]["packages"][:]}}
    chance.shuffle(shuffled[BOOKWORM]["packages"])
    assert patch_set_id(shuffled) == patch_set_id(platforms)


def test_an_altered_set_is_refused() -> None:
    document = sealed(change("openssl"))
    document["platforms"][BOOKWORM]["packages"][0]["sha256"] = "evil"
    with pytest.raises(PatchSetError, match="it was altered after it was sealed"):
        read_patch_set(document)


@pytest.mark.parametrize("platforms", [None, [], {"x": None}, {"x": {"packages": [{}], "removals": []}}])
def test_a_set_without_the_shape_of_one_is_refused(platforms: Any) -> None:
    document = {**sealed(change("openssl")), "platforms": platforms}
    with pytest.raises(PatchSetError):
        read_patch_set(document)


def altered(document: dict[str, Any], **members: Any) -> dict[str, Any]:
    """Return a set with other members whose id fits them: whoever alters one can make the id anew."""
    package = {**document["platforms"][BOOKWORM]["packages"][0], **members}
    platforms = {BOOKWORM: {"packages": [package], "removals": []}}
    return {**document, "platforms": platforms, "id": patch_set_id(platforms)}


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"sha256": "evil"}, r"packages\[0\]\.sha256 is 'evil', which it can't be"),
        ({"size": "1"}, r"packages\[0\]\.size is '1', not integer or null"),
        ({"action": "remove"}, r"packages\[0\]\.action is 'remove', none of upgrade, install"),
        ({"origin": {"deep": [[]]}}, r"packages\[0\]\.origin is an object"),
        ({"origin": "x" * 1_000_001}, "a text of 1000001 characters"),
    ],
)
def test_a_set_of_another_shape_is_refused_however_well_its_id_fits(
    members: dict[str, Any], told: str
) -> None:
    document = altered(sealed(change("openssl")), **members)
    for source in (document, json.dumps(document).encode()):
        with pytest.raises(DocumentError, match=told):
            read_patch_set(source, "/srv/set.json")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"[" * 10_000, "^/srv/set.json is not JSON"),
        (b"[" * 3_000_000, "^/srv/set.json is more than 2000000 values$"),
        (b" " * (16 * 1024 * 1024 + 1), "^/srv/set.json is larger than 16777216 bytes$"),
        (b'{"kind": "\xff"}', "^/srv/set.json is not JSON"),
        (json.dumps({"kind": "x\x1b[2J" * 1000}).encode(), r"is of kind 'x\\x1b"),
    ],
)
def test_what_is_far_from_a_set_is_refused_in_one_short_line(data: bytes, told: str) -> None:
    with pytest.raises(DocumentError, match=told) as raised:
        read_patch_set(data, "/srv/set.json")
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 500


def test_another_kind_of_document_is_refused() -> None:
    with pytest.raises(DocumentError, match=r"of kind 'patchops\.host'"):
        read_patch_set({**sealed(change("openssl")), "kind": "patchops.host"})


def test_a_set_is_read_from_a_document_from_a_file_and_from_an_artifact(tmp_path: Any) -> None:
    document = sealed(change("openssl"))
    path = tmp_path / "set.json"
    path.write_text(json.dumps(document))
    assert load_patch_set(document) == document
    assert load_patch_set(str(path)) == document
    assert load_patch_set(encode(document)) == document


def test_the_artifact_of_a_run_gives_its_set_and_its_id() -> None:
    document = sealed(change("openssl"))
    encoded = encode(document)
    assert patch_set_of_run({"patch_set": encoded, "patch_set_id": document["id"]}) == (
        encoded,
        document["id"],
    )
    assert patch_set_of_run({"run_id": "r", "patch_set": None, "patch_set_id": None}) == (None, None)
    assert patch_set_of_run(None) == (None, None)


@pytest.mark.parametrize(
    ("artifact", "told"),
    [
        ("/etc/shadow", "patchops_run is '/etc/shadow', and not what an earlier job sets"),
        ([], r"patchops_run is \[\]"),
        ({"patch_set": 5}, "patchops_run.patch_set is not a patch set"),
        ({"patch_set": "/etc/shadow"}, "patchops_run.patch_set is not a patch set"),
        ({"patch_set": {"kind": "x"}}, "patchops_run.patch_set is not a patch set"),
        ({"patch_set_id": "x\x1b[2J" * 1000}, "patchops_run.patch_set_id is 'x"),
    ],
)
def test_an_altered_artifact_is_refused_before_anything_uses_it(artifact: Any, told: str) -> None:
    with pytest.raises(PatchSetError, match=told) as raised:
        patch_set_of_run(artifact)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 200


@pytest.mark.parametrize("source", ["/nonexistent/set.json", "H4sIAAAA", 5, ""])
def test_a_source_that_holds_no_set_is_refused(source: Any) -> None:
    with pytest.raises(PatchSetError):
        load_patch_set(source)


def test_a_platform_that_the_set_does_not_have_is_none() -> None:
    document = sealed(change("openssl"))
    assert select_platform(document, "debian-13-amd64") is None
    assert select_platform(document, BOOKWORM) is not None


@pytest.mark.parametrize(
    ("part", "value"),
    [("to", None), ("sha256", None), ("sha256", "abc"), ("name", ""), ("name", "a b"), ("arch", "../x")],
)
def test_a_change_that_no_host_could_install_is_no_member(part: str, value: str | None) -> None:
    change = {
        "action": "upgrade",
        "name": "tzdata",
        "arch": "all",
        "to": "1:2-3+deb12u1~x",
        "sha256": "a" * 64,
    }
    assert is_installable(change)
    assert not is_installable({**change, part: value})
