# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read YAML as plain data together with the line of every place in it."""

from __future__ import annotations

from typing import Any

import yaml

MAX_NODES = 200_000
"""An alias that is used again and again makes a small file large: more nodes than this are refused."""


_PLAIN_TAGS = frozenset({"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})


class YamlError(ValueError):
    """Text that is not usable YAML; the message names line and remedy."""


class _Loader(yaml.SafeLoader):
    """Safe types only, and days stay the text that was written."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(text: str) -> tuple[Any, dict[str, int]]:
    """The data, and for each place (``waivers.entries[0].until``) its line, counted from 1.

    Raises YamlError for broken YAML, keys given twice, keys that aren't text, and data that is too large.
    """
    try:
        # A subclass of SafeLoader: it builds nothing but plain data.
        loader = _Loader(text)
    except yaml.YAMLError as error:
        raise YamlError(_message(error)) from None
    try:
        node = loader.get_single_node()
        return _Reader(loader).read(node) if node is not None else (None, {})
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
        self._seen = 0

    def read(self, node: yaml.Node) -> tuple[Any, dict[str, int]]:
        return self._plain(node, ""), self._lines

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
        return self._loader.construct_object(node)

    def _mapping(self, node: yaml.MappingNode, place: str) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise YamlError(f"line {line}: a key must be a plain word")
            key = str(key_node.value)
            if key in data:
                raise YamlError(f"line {line}: {key!r} is given twice; keep one of the two")
            data[key] = self._plain(value_node, f"{place}.{key}" if place else key)
        return data


def _message(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}: " if mark is not None else ""
    return f"{where}not YAML: {getattr(error, 'problem', None) or error}"
