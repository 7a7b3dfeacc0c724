# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A directory of things that are dear to build, named by what they are made of.

An entry is built aside, under a lock, and moved into place when it is whole: two labs that want the same
image build it once, and a build that was interrupted is never taken for an image.
"""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

CACHE_VARIABLE = "PATCHOPS_LAB_CACHE"


def cache_root() -> Path:
    """Where images and packages are kept: $PATCHOPS_LAB_CACHE, else patchops/lab in the user's cache."""
    if named := os.environ.get(CACHE_VARIABLE):
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "patchops" / "lab"


def content_key(ingredients: object) -> str:
    """Sixteen hex digits that are the same for the same ingredients (anything JSON can carry)."""
    canonical = json.dumps(ingredients, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file at path; waits for whoever holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def cached(kind: str, key: str, build: Callable[[Path], None]) -> Path:
    """Return the directory of an entry; build it first when it is not there.

    :param build: gets an empty directory to fill; when it raises, nothing is kept
    """
    place = cache_root() / kind / key
    if place.is_dir():
        return place
    with locked(cache_root() / "locks" / f"{kind}-{key}"):
        if place.is_dir():
            return place
        place.parent.mkdir(parents=True, exist_ok=True)
        for left in place.parent.glob(f"{key}.building-*"):
            shutil.rmtree(left)
        # Another name each time: what an interrupted build still writes doesn't get into this one.
        aside = Path(tempfile.mkdtemp(prefix=f"{key}.building-", dir=place.parent))
        aside.chmod(0o755)
        try:
            build(aside)
            aside.rename(place)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return place
