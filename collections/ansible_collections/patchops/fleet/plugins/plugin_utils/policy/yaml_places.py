# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read YAML as plain data together with the line of every place in it."""

from __future__ import annotations

from typing import Any, NamedTuple

import yaml

MAX_NODES = 200_000
"""An alias that is used again and again makes a small file large: more nodes than this are refused."""


_PLAIN_TAGS = frozenset({"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})


class YamlError(ValueError):
    """Text that is not usable YAML; the message names line and remedy."""


class Read(NamedTuple):
    """Plain data, the line of each place in it, and a hint where YAML makes a value of an unquoted text.

    A place is for example ``waivers.entries[0].until``, lines count from 1.
    """

    data: Any
    lines: dict[str, int]
    hints: dict[str, str]


class _Loader(yaml.SafeLoader):
    """Safe types only, and days stay the text that was written."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(text: str) -> Read:
    """Read one YAML document.

    Raises YamlError for broken YAML, keys given twice, keys that aren't text, and data that is too large.
    """
    try:
        # A subclass of SafeLoader: it builds nothing but plain data.
        loader = _Loader(text)
    except yaml.YAMLError as error:
        raise YamlError(_message(error)) from None
    try:
        node = loader.get_single_node()
        return _Reader(loader).read(node) if node is not None else Read(None, {}, {})
    except yaml.YAMLError as error:
        raise YamlError(_message(error)) from None
    except RecursionError:
        raise YamlError("nested too deeply; write it flatter") from None
    finally:
        loader.dispose()


class _Reader:
    def __init__(self, loader: _Loader) -> None:
        self._loader = loader
        self._lines: dict[str, int] = {}
        self._hints: dict[str, str] = {}
        self._seen = 0

    def read(self, node: yaml.Node) -> Read:
        return Read(self._plain(node, ""), self._lines, self._hints)

    def _plain(self, node: yaml.Node, place: str) -> Any:
        line = node.start_mark.line + 1
        self._lines[place] = line
        self._seen += 1
        if self._seen > MAX_NODES:
            raise YamlError(f"line {line}: more than {MAX_NODES} values; split the file or use fewer aliases")
        if not isinstance(node, yaml.ScalarNode) and node.tag not in _PLAIN_TAGS:
            raise YamlError(f"line {line}: not YAML of plain values: the tag {node.tag} is not used here")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(item, f"{place}[{number}]") for number, item in enumerate(node.value)]
        value = self._loader.construct_object(node)
        if _is_trap(node.value, value):
            shown = str(value).lower()
            self._hints[place] = f"YAML reads an unquoted {node.value} as {shown}"
        return value

    def _mapping(self, node: yaml.MappingNode, place: str) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise YamlError(f"line {line}: a key must be a plain word")
            key = str(key_node.value)
            if key in data:
                raise YamlError(f"line {line}: {key!r} is given twice; keep one of the two")
            inside = f"{place}.{key}" if place else key
            data[key] = self._plain(value_node, inside)
            self._lines[inside] = line
        return data


def _is_trap(written: str, value: object) -> bool:
    """Tell whether YAML 1.1 makes a number in base 60 of a time of day, or a truth of a word such as on."""
    if isinstance(value, bool):
        return written.lower() not in ("true", "false")
    return isinstance(value, (int, float)) and ":" in written


def _message(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}: " if mark is not None else ""
    return f"{where}not YAML: {getattr(error, 'problem', None) or error}"
