# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The map of imports has no circle, neither between files nor between folders.

An import inside a function or below ``if TYPE_CHECKING`` counts like any other. An import of a name from a
package counts as an import of the package; that Python runs the package's parents before does not count.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

pytestmark = pytest.mark.fast

Arrows = Mapping[str, set[str]]
# Where module names begin, below the repository.
ROOTS = ("collections", "wrapper", "lab", "scripts/reference")
ENGINE = "ansible_collections.patchops.fleet"


def test_no_file_imports_itself_through_others(arrows: Arrows) -> None:
    assert circle_in(arrows) == []


def test_no_folder_imports_itself_through_its_neighbours(arrows: Arrows) -> None:
    circles = {folder: circle_in(neighbours) for folder, neighbours in between_neighbours(arrows).items()}
    assert {folder: circle for folder, circle in circles.items() if circle} == {}


def test_the_engine_imports_nothing_of_the_wrapper(arrows: Arrows) -> None:
    outside = {
        (module, target)
        for module, targets in arrows.items()
        if module.startswith(ENGINE)
        for target in targets
        if not target.startswith(ENGINE)
    }
    assert outside == set()


def test_the_product_imports_nothing_of_the_lab(arrows: Arrows) -> None:
    product = [module for module in arrows if module.split(".")[0] in ("patchops", "ansible_collections")]
    assert [module for module in product if any(_is_of_the_lab(target) for target in arrows[module])] == []


@pytest.mark.parametrize(
    "back",
    [
        "from first import one",
        "import first.one",
        "def later():\n    from first.one import name",
        "if TYPE_CHECKING:\n    from first.one import name",
        "from ..first import one",
    ],
)
def test_a_circle_is_found_however_the_import_is_written(tmp_path: Path, back: str) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    (tmp_path / "first/one.py").write_text("from second.two import name\n")
    (tmp_path / "second/two.py").write_text(f"{back}\n")
    arrows = read_arrows([tmp_path])
    assert circle_in(arrows) == ["first.one", "second.two"]
    assert circle_in(between_neighbours(arrows)[""]) == ["first", "second"]


def test_a_circle_of_folders_is_found_where_no_file_is_in_one(tmp_path: Path) -> None:
    for name, text in {"a/up": "import b.low", "a/low": "", "b/up": "import a.low", "b/low": ""}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.py").write_text(f"{text}\n")
    arrows = read_arrows([tmp_path])
    assert circle_in(arrows) == []
    assert circle_in(between_neighbours(arrows)[""]) == ["a", "b"]


@pytest.fixture(scope="module")
def arrows(working_copy: Path) -> Arrows:
    found = read_arrows([working_copy / root for root in ROOTS])
    assert any(targets for targets in found.values())
    return found


def read_arrows(roots: Sequence[Path]) -> Arrows:
    """Return {module: modules of `roots` that it imports}, tests left out."""
    files = {
        _module(path, root): path for root in roots for path in root.rglob("*.py") if not _is_test(path, root)
    }
    return {
        module: {target for target in _imported(module, path, set(files)) if target in files} - {module}
        for module, path in files.items()
    }


def between_neighbours(arrows: Arrows) -> Mapping[str, Arrows]:
    """Return {folder: {child: children of the same folder that it imports}}; files and folders alike."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for module, targets in arrows.items():
        for target in targets:
            here, there = module.split("."), target.split(".")
            same = next(
                (at for at, (one, two) in enumerate(zip(here, there, strict=False)) if one != two),
                min(len(here), len(there)),
            )
            child, neighbour = (".".join(parts[same : same + 1]) or "__init__" for parts in (here, there))
            found[".".join(here[:same])][child].add(neighbour)
    return found


def circle_in(arrows: Arrows) -> list[str]:
    """Return the members of one circle, sorted; none: an empty list."""
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        return sorted(set(error.args[1]))
    return []


def _imported(module: str, path: Path, known: set[str]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = _package(module, path.name == "__init__.py", node)
            for name in node.names:
                inner = f"{package}.{name.name}"
                yield inner if inner in known else package


def _package(module: str, is_package: bool, node: ast.ImportFrom) -> str:
    """Return the whole name that stands between `from` and `import`."""
    if not node.level:
        return node.module or ""
    above = module.split(".")[: len(module.split(".")) - node.level + is_package]
    return ".".join([*above, *([node.module] if node.module else [])])


def _module(path: Path, root: Path) -> str:
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def _is_of_the_lab(module: str) -> bool:
    return module.split(".")[0] == "patchops_lab"


def _is_test(path: Path, root: Path) -> bool:
    return "tests" in path.relative_to(root).parts
