"""Finds what a process of this package depends on: source files, data files, settings and ports.

The dependencies are derived from the source code, so nobody maintains a list. Where the code is ambiguous, the result
includes too much: an unnecessary restart costs seconds, but a process that keeps old code or settings is wrong. The
rules are:

- An import counts wherever it stands in a file, and a string that names a module counts as an import of it.
- A file that uses `importlib` or `pkgutil` imports all modules of the packages that it imports or names, and all
  modules whose names its f-strings can give.
- A module reads all non-Python files in its folder.

Three things do not count: a module that another process runs (`PythonModule`), passing all settings on to another
process (`as_environment`), and the check whether a port is taken (`named_ports`).
"""

import ast
import gc
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, TypeGuard

from footfall.cluster.service import PythonModule
from footfall.hosts import daemon_of
from footfall.setting_groups import Ports
from footfall.settings import REPOSITORY, Settings

PACKAGE: Final = REPOSITORY / "src" / "footfall"
# It, and the package beside it on which the sites run.
_PACKAGES: Final = re.compile("footfall(_web)?")
# All processes depend on these. Another home is another platform, and another install changes the command.
_EVERYWHERE: Final = {"home", "install"}
# Methods of Settings that take the name of a port or a daemon.
_BY_PORT: Final = {"port", "address", "addresses", "url", "advertised_host", "bind_host", "replicas", "node_number"}
# Properties of Settings that follow from the addresses of a port.
_OF_PORT: Final = {"kafka_bootstrap": "kafka", "hdfs_uri": "namenode", "has_standby": "namenode"}
# Properties of Settings that depend on the name of this machine.
_BY_HOST: Final = {"is_node", "client_host"}
# The settings that say where a daemon listens. All others listen on their own host.
_BINDS: Final = {"sites": "bind", "collector": "bind", "dashboard": "dashboard_bind"}
_BY_NAME: Final = {"importlib", "pkgutil"}


@dataclass(frozen=True)
class Dependencies:
    """The files of this package that a process uses, sorted, and the settings and ports that they read."""

    files: tuple[Path, ...]
    settings: frozenset[str]
    ports: frozenset[str]


@dataclass(frozen=True)
class _Facts:
    """The facts about one file. any_port: it reads a port whose name is known only at run time."""

    imports: frozenset[str]
    settings: frozenset[str] = frozenset()
    ports: frozenset[str] = frozenset()
    any_port: bool = False


def of(command: PythonModule) -> Dependencies:
    """Returns what the process of this command depends on.

    A port whose name is known only at run time is one of those in the arguments of the command. If there is none, the
    process depends on all ports.
    """
    files = reach((command.module, *command.also))
    facts = [_facts(file) for file in files if file.suffix == ".py"]
    settings = frozenset[str]().union(*(fact.settings for fact in facts))
    ports = frozenset[str]().union(*(fact.ports for fact in facts))
    if any(fact.any_port for fact in facts):
        ports |= set(command.arguments) & set(Ports.model_fields) or set(Ports.model_fields)
    return Dependencies(files, settings - _EVERYWHERE, ports)


def reach(modules: tuple[str, ...]) -> tuple[Path, ...]:
    """Returns the files of all modules that these import, directly or indirectly, and the data files beside them."""
    waiting, found = list(modules), dict[str, Path]()
    while waiting:
        name = waiting.pop()
        path = _path(name)
        if name in found or path is None:
            continue
        found[name] = path
        waiting += [name.rpartition(".")[0], *_facts(path).imports]
    beside = (file for folder in {path.parent for path in found.values()} for file in _data_files(folder))
    return tuple(sorted({*found.values(), *beside}))


def content(files: tuple[Path, ...]) -> str:
    """A hash of the names and contents of these files."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.relative_to(PACKAGE.parent)}\0{_hash(file, *_version(file))}\0".encode())
    return digest.hexdigest()


def _path(module: str) -> Path | None:
    """The file of a module; None if the module is in none of our packages."""
    parts = module.split(".")
    if not _PACKAGES.fullmatch(parts[0]):
        return None
    path = PACKAGE.parent.joinpath(*parts)
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return file if file.exists() else None


def _data_files(folder: Path) -> Iterator[Path]:
    """Non-Python files in this folder and in subfolders that are not packages."""
    for path in folder.iterdir():
        if path.is_dir():
            if path.name != "__pycache__" and not (path / "__init__.py").exists():
                yield from _data_files(path)
        elif path.suffix not in (".py", ".pyc"):
            yield path


def _version(file: Path) -> tuple[int, int]:
    stat = file.stat()
    return stat.st_mtime_ns, stat.st_size


@cache
def _hash(file: Path, changed_ns: int, size: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _facts(file: Path) -> _Facts:
    return _read(file, *_version(file))


@cache
def _read(file: Path, changed_ns: int, size: int) -> _Facts:
    text = file.read_text("utf-8")
    nodes = _nodes(text)
    imports = frozenset(_imports(nodes))
    if "ettings" not in text or file == PACKAGE / "settings.py":
        return _Facts(imports)
    return _Facts(imports, *_settings_read(nodes))


def _nodes(text: str) -> list[ast.AST]:
    # The garbage collector would scan all nodes repeatedly and free none; without it this is five times as fast.
    collects = gc.isenabled()
    gc.disable()
    try:
        return list(ast.walk(ast.parse(text)))
    finally:
        if collects:
            gc.enable()


def _imports(nodes: list[ast.AST]) -> Iterator[str]:
    """Names in this package that a file imports or mentions. Some of them are not modules but objects in a module."""
    modules, patterns = list[str](), list[str]()
    # Strings inside these do not count by themselves: another process runs the module, or an f-string is taken whole.
    parts = [node for node in nodes if _is_call(node, "PythonModule") or isinstance(node, ast.JoinedStr)]
    other_process = {id(word) for part in parts for word in ast.walk(part)}
    for node in nodes:
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise SyntaxError("imports are absolute in this package, so that they can be followed")
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            modules += inner if all(map(_path, inner)) else [str(node.module), *inner]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in other_process:
            modules.append(node.value)
        elif isinstance(node, ast.JoinedStr):
            patterns.append("".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values))
    # The name of this package alone is mostly no module but a word, and its own file has nothing in it.
    own = {one for one in modules if _PACKAGES.fullmatch(one.partition(".")[0]) and one != PACKAGE.name}
    yield from own
    if _BY_NAME & {module.partition(".")[0] for module in modules}:
        packages = {module for module in own if (path := _path(module)) is not None and path.name == "__init__.py"}
        patterns = [pattern for pattern in patterns if pattern.startswith(f"{PACKAGE.name}.")]
        if not patterns and any(_is_import(node, PACKAGE.name) for node in nodes):
            raise SyntaxError("it imports by name, and no f-string gives the pattern of the names")
        for pattern in (*patterns, *(f"{package}.*" for package in packages)):
            for path in PACKAGE.parent.glob(pattern.replace(".", "/") + ".py"):
                yield ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)


def _settings_read(nodes: list[ast.AST]) -> tuple[frozenset[str], frozenset[str], bool]:
    """The settings and ports that a file reads, and whether it reads a port whose name is not a literal."""
    called = {id(node.func): node for node in nodes if isinstance(node, ast.Call)}
    names = _names_of_settings(nodes)
    fields, ports, any_port = set[str](), set[str](), False
    for node in nodes:
        if _is_call(node, "getattr") and _is_settings(node.args[0], names):
            fields |= set(Settings.model_fields)
        if not (isinstance(node, ast.Attribute) and _is_settings(node.value, names)):
            continue
        if node.attr in _BY_PORT:
            call = called.get(id(node))
            name = call.args[0] if call is not None and call.args else None
            known = str(name.value) if isinstance(name, ast.Constant) else None
            if known in Ports.model_fields:
                ports.add(known)
            elif known is not None:
                fields.add("hosts")
            else:
                any_port = True
            if node.attr == "bind_host":
                fields |= {field for daemon, field in _BINDS.items() if known is None or daemon_of(known) == daemon}
        elif node.attr in _OF_PORT:
            ports.add(_OF_PORT[node.attr])
        elif node.attr in _BY_HOST:
            fields.add("host")
        elif node.attr in Settings.model_fields:
            fields.add(node.attr)
    return frozenset(fields), frozenset(ports), any_port


def _names_of_settings(nodes: list[ast.AST]) -> set[str]:
    """Other names of the settings in a file: parameters of type Settings, and variables assigned from them."""
    names = set[str]()
    for node in nodes:
        if isinstance(node, ast.arg) and isinstance(node.annotation, ast.Name) and node.annotation.id == "Settings":
            names.add(node.arg)
        elif isinstance(node, ast.Assign) and _is_settings(node.value, names):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


def _is_settings(node: ast.expr, names: set[str]) -> bool:
    if isinstance(node, ast.Call):
        return _is_call(node, "load_settings") or _is_call(node, "recall") or _is_call(node, "Settings")
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name.lstrip("_") == "settings" or (isinstance(node, ast.Name) and name in names)


def _is_import(node: ast.AST, module: str) -> bool:
    return isinstance(node, ast.Import) and any(alias.name == module for alias in node.names)


def _is_call(node: ast.AST, function: str) -> TypeGuard[ast.Call]:
    if not isinstance(node, ast.Call):
        return False
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    return name == function
