"""Compiles a definition of `event.schema.json` to Python code that validates and copies an event in one pass.

A general validator walks the schema for every event. This compiler walks it once and generates a sequence of
comparisons (bench/events/ has the figures). It supports only the keywords that the schema uses, and only in the form
in which the schema uses them. Anything else raises SchemaError.
"""

import re
from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Any, Final, NamedTuple

from footfall.errors import FootfallError

# (reason, detail) of the first fault; None if there is none.
Fault = tuple[str, str] | None
Reader = Callable[[dict[str, Any], dict[str, Any]], Fault]

# The pattern of a text field: no control character (C0, DEL, C1) and no line or paragraph separator.
TEXT_PATTERN: Final = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$"
# Includes lone surrogates. JSON in UTF-8 cannot contain them, but Python strings can, and they cannot be encoded.
_CONTROL: Final = re.compile("[\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff]")
_ANNOTATIONS: Final = {"description", "x-reason"}


class SchemaError(FootfallError):
    """The schema contains something that the compiler does not support. The message is a sentence."""


def compile_reader(schema: dict[str, Any], definition: str) -> Reader:
    """Returns a function that validates an event against `$defs/DEFINITION` and copies its fields into an empty dict.

    The function copies fields in the order of the schema. It does not copy allowed nulls, fields that may have any
    value, and unknown fields that the definition allows. An integer written as 3.0 becomes 3. The function returns
    (reason, sentence) at the first fault.
    """
    source, constants = _Source(schema, schema["$defs"][definition]).build()
    exec(compile(source, f"<event.schema.json {definition}>", "exec"), constants)  # noqa: S102 our own schema's source
    reader: Reader = constants["read"]
    return reader


class _Earlier(NamedTuple):
    """What the first versions lack. test: an expression that tells whether an event is of one of them. fields: those
    that they do not have. values: for a field, those of its values that they do not have."""

    test: str = "False"
    fields: frozenset[str] = frozenset()
    values: Mapping[str, frozenset[str]] = {}


class _Source:
    def __init__(self, schema: dict[str, Any], definition: dict[str, Any]) -> None:
        self._schema = schema
        self._definition = definition if "$ref" not in definition else self._with_rules(definition)
        self._earlier = _Earlier()
        self._lines = ["def read(event, out):", " get = event.get"]
        self._constants: dict[str, Any] = {"clean": _clean, "wrong_text": _wrong_text, "wrong_map": _wrong_map}

    def build(self) -> tuple[str, dict[str, Any]]:
        definition = self._definition
        _only(definition, {"type", "required", "properties", "allOf", "if", "else", "unevaluatedProperties"})
        if definition.get("type") != "object" or definition.get("unevaluatedProperties") is not False:
            raise SchemaError("A definition must be an object with unevaluatedProperties false.")
        rules = [self._referenced(rule) for rule in definition.get("allOf", [])]
        for rule in rules:
            if _is_about_versions(rule):
                self._earlier = self._lacking(rule)
        # The first versions do not pay for the fields that they lack: nobody looks for those fields in their events.
        named = [(name, shape) for name, shape in definition["properties"].items() if shape is not True]
        for is_later, fields in groupby(named, key=lambda field: field[0] in self._earlier.fields):
            if is_later:
                self._lines.append(f" if not ({self._earlier.test}):")
            for name, shape in fields:
                self._lines += _indented(self._field(name, shape, name in definition["required"]), 1 + is_later)
        for rule in rules:
            if not _is_about_versions(rule):
                self._lines += _indented(self._rule(rule))
        self._unknown()
        self._lines.append(" return None")
        return "\n".join(self._lines), self._constants

    def _constant(self, value: Any) -> str:
        name = f"c{len(self._constants)}"
        self._constants[name] = value
        return name

    def _referenced(self, shape: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in shape:
            return shape
        _only(shape, {"$ref"})
        found: dict[str, Any] = self._schema["$defs"][shape["$ref"].removeprefix("#/$defs/")]
        return found

    def _with_rules(self, definition: dict[str, Any]) -> dict[str, Any]:
        """A definition that adds rules to another one, as one definition."""
        _only(definition, {"$ref", "allOf"})
        base = self._referenced({"$ref": definition["$ref"]})
        return {**base, "allOf": [*base.get("allOf", []), *definition["allOf"]]}

    def _resolve(self, shape: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        """Resolves a reference. Returns the shape, and whether null means absent."""
        nullable = False
        if "anyOf" in shape:
            _only(shape, {"anyOf"})
            if len(shape["anyOf"]) != 2 or shape["anyOf"][1] != {"type": "null"}:
                raise SchemaError("anyOf is supported only as a shape or null.")
            shape, nullable = shape["anyOf"][0], True
        return self._referenced(shape), nullable

    def _field(self, name: str, shape: dict[str, Any], required: bool) -> list[str]:
        shape, nullable = self._resolve(shape)
        rule = f"The field {name} must be {shape.get('description', 'as the schema says')}."
        own_reason = shape.get("x-reason")

        def fault(reason: str) -> str:
            return "return " + self._constant((own_reason or reason, rule))

        wrong_type = fault("wrong_type")
        lines = [f"v = get({name!r})"]
        if required:
            lines += ["if v is None:", " return " + self._constant(_missing(name)), "else:"]
        else:
            lines.append("if v is not None:")
        if "enum" in shape:
            lines += _indented(self._enum(shape, fault, wrong_type, self._earlier.values.get(name, frozenset())))
        else:
            lines += _indented(self._checks(shape, fault, wrong_type, rule))
        lines.append(f" out[{name!r}] = v")
        if not required and not nullable:
            lines += [f"elif {name!r} in event:", f" {wrong_type}"]
        return lines

    def _enum(
        self, shape: dict[str, Any], fault: Callable[[str], str], wrong_type: str, lacking: frozenset[str]
    ) -> list[str]:
        """lacking: the values that the first versions do not have."""
        _only(shape, {"enum"})
        values = frozenset(shape["enum"])
        # The value must be hashable to look it up in a set, and a string always is.
        lines = [f"if type(v) is not str: {wrong_type}", f"if v not in {self._constant(values - lacking)}:"]
        if not lacking:
            return [*lines, f" {fault('not_allowed')}"]
        return [*lines, f" if {self._earlier.test} or v not in {self._constant(values)}: {fault('not_allowed')}"]

    def _checks(self, shape: dict[str, Any], fault: Callable[[str], str], wrong_type: str, rule: str) -> list[str]:
        kind = shape.get("type")
        if kind == "boolean":
            _only(shape, {"type"})
            return [f"if v is not True and v is not False: {wrong_type}"]
        if kind in ("integer", "number"):
            _only(shape, {"type", "minimum", "maximum"})
            outside = f"if not {shape['minimum']} <= v <= {shape['maximum']}: {fault('out_of_range')}"
            if kind == "number":
                return [f"if type(v) is not float and type(v) is not int: {wrong_type}", outside]
            return [
                "if type(v) is not int:",
                f" if type(v) is not float or not v.is_integer(): {wrong_type}",
                " v = int(v)",
                outside,
            ]
        if kind == "string":
            return self._string(shape, fault, wrong_type, rule)
        if kind == "object":
            _only(shape, {"type", "maxProperties", "propertyNames", "additionalProperties"})
            for part in ("propertyNames", "additionalProperties"):
                _only(shape.get(part, {}), {"type", "minLength", "maxLength", "pattern", "minimum", "maximum"})
                if shape.get(part, {}).get("pattern", TEXT_PATTERN) != TEXT_PATTERN:
                    raise SchemaError("The pattern of an object's entries is supported only as that of any text.")
            check = self._constant(shape)
            return [
                f"if type(v) is not dict: {wrong_type}",
                f"w = wrong_map(v, {check})",
                f"if w is not None: return (w, {self._constant(rule)})",
            ]
        raise SchemaError(f"The type {kind!r} is not supported.")

    def _string(self, shape: dict[str, Any], fault: Callable[[str], str], wrong_type: str, rule: str) -> list[str]:
        _only(shape, {"type", "minLength", "maxLength", "pattern", "format", "not"})
        lines = [f"if type(v) is not str: {wrong_type}"]
        if "maxLength" in shape:
            lines.append(f"if len(v) > {shape['maxLength']}: {fault('too_long')}")
        if "minLength" in shape:
            lines.append(f"if len(v) < {shape['minLength']}: {fault('bad_format')}")
        if shape["pattern"] == TEXT_PATTERN:
            # A printable text has no control character. The slower check is for others, such as an emoji with a joiner.
            lines.append(f"if not v.isprintable() and not clean(v): {fault('control_character')}")
        else:
            match = self._constant(_fullmatch(shape["pattern"]))
            own = fault("bad_format").removeprefix("return ")
            lines.append(f"if {match}(v) is None: return wrong_text(v, {own})")
        if "not" in shape:
            lines.append(f"if v == {_forbidden(shape['not'])!r}: {fault('not_allowed')}")
        return lines

    def _rule(self, rule: dict[str, Any]) -> list[str]:
        """Requires some string fields, or another rule, if a condition is met (`then`) or not met (`else`)."""
        _only(rule, {"if", "then", "else"})
        if len(rule.keys() & {"then", "else"}) != 1:
            raise SchemaError("A rule is supported only with either then or else.")
        condition = self._condition(rule["if"])
        lines = [f"if {condition}:" if "then" in rule else f"if not ({condition}):"]
        consequence = rule["then"] if "then" in rule else rule["else"]
        if "$ref" in consequence:
            return lines + _indented(self._rule(self._referenced(consequence)))
        needed = consequence.get("required", [])
        strings = {name: {"type": "string"} for name in needed}
        if not needed or consequence != {"required": needed, "properties": strings}:
            raise SchemaError("A rule can only require strings or refer to another rule.")
        return lines + [f" if {name!r} not in out: return {self._constant(_missing(name))}" for name in needed]

    def _condition(self, shape: dict[str, Any]) -> str:
        """An expression: whether a required field has one of some values, or whether an optional field is present."""
        if set(shape) == {"required"} and len(shape["required"]) == 1:
            return f"{shape['required'][0]!r} in out"
        if set(shape) != {"properties"} or len(shape["properties"]) != 1:
            raise SchemaError("A condition is supported only on one field.")
        [(name, values)] = shape["properties"].items()
        if set(values) != {"enum"} or name not in self._definition["required"]:
            raise SchemaError("A condition on a value is supported only as the enum of a required field.")
        if len(values["enum"]) == 1:
            return f"out[{name!r}] == {values['enum'][0]!r}"
        return f"out[{name!r}] in {self._constant(frozenset(values['enum']))}"

    def _lacking(self, rule: dict[str, Any]) -> _Earlier:
        """Reads the rule about what the first versions lack."""
        _only(rule, {"if", "then"})
        fields = frozenset(name for name, shape in rule["then"]["properties"].items() if shape is False)
        values = {
            name: frozenset(shape["not"]["enum"])
            for name, shape in rule["then"]["properties"].items()
            if shape is not False and set(shape) == {"not"} and set(shape["not"]) == {"enum"}
        }
        if set(rule["then"]) != {"properties"} or len(fields) + len(values) != len(rule["then"]["properties"]):
            raise SchemaError("What a version lacks is supported only as fields that are false or values that are not.")
        return _Earlier(self._condition(rule["if"]), fields, values)

    def _unknown(self) -> None:
        known = frozenset(self._definition["properties"])
        theirs = self._constant(known)
        if self._earlier.fields:
            theirs = f"({self._constant(known - self._earlier.fields)} if {self._earlier.test} else {theirs})"
        # If all fields were copied, none is unknown, and the slower check is skipped.
        unless = "len(out) != len(event) and "
        if "if" in self._definition:
            if self._definition.get("else") != {"additionalProperties": True}:
                raise SchemaError("A definition's if is supported only as a condition that closes it.")
            unless += f"{self._condition(self._definition['if'])} and "
        self._lines.append(f" if {unless}not {theirs} >= event.keys(): return {self._constant(_UNKNOWN)}")


_UNKNOWN: Final = ("unknown_field", "The event has a field that its schema_version does not know.")


def _is_about_versions(rule: dict[str, Any]) -> bool:
    return "then" in rule and "required" not in rule["then"]


def _indented(lines: list[str], depth: int = 1) -> list[str]:
    return [" " * depth + line for line in lines]


def _missing(name: str) -> tuple[str, str]:
    return ("missing_field", f"The field {name} is missing or null.")


def _only(shape: dict[str, Any], known: set[str]) -> None:
    unknown = set(shape) - known - _ANNOTATIONS
    if unknown:
        raise SchemaError(f"The keyword {min(unknown)} is not supported here.")


def _fullmatch(pattern: str) -> Callable[[str], object]:
    # In Python `$` also matches before a final line feed, unlike in JSON Schema. So use fullmatch.
    if not (pattern.startswith("^") and pattern.endswith("$")):
        raise SchemaError("A pattern must begin with ^ and end with $.")
    return re.compile(pattern[1:-1]).fullmatch


def _forbidden(shape: dict[str, Any]) -> str:
    if set(shape) != {"const"} or type(shape["const"]) is not str:
        raise SchemaError("For a string, not is supported only with one constant string.")
    constant: str = shape["const"]
    return constant


def _clean(text: str) -> bool:
    return _CONTROL.search(text) is None


def _wrong_text(text: str, fault: tuple[str, str]) -> tuple[str, str]:
    """Returns the fault of a text that does not match. A control character has its own reason."""
    return fault if _clean(text) or fault[0] == "unknown_version" else ("control_character", fault[1])


def _wrong_map(entries: dict[Any, Any], shape: dict[str, Any]) -> str | None:
    """Returns the reason if an entry of an object is invalid, else None."""
    if len(entries) > shape["maxProperties"]:
        return "too_long"
    names, values = shape.get("propertyNames"), shape.get("additionalProperties")
    for name, value in entries.items():
        if names is not None and (reason := _wrong_scalar(name, names)) is not None:
            return reason
        if values is not None and (reason := _wrong_scalar(value, values)) is not None:
            return reason
    return None


_TYPES: Final[dict[type, str]] = {str: "string", bool: "boolean", int: "number", float: "number"}


def _wrong_scalar(value: Any, shape: dict[str, Any]) -> str | None:
    kind = _TYPES.get(type(value))
    if kind is None or kind not in shape["type"]:
        return "wrong_type"
    if kind == "number" and not shape["minimum"] <= value <= shape["maximum"]:
        return "out_of_range"
    if kind == "string":
        if len(value) > shape["maxLength"]:
            return "too_long"
        if len(value) < shape.get("minLength", 0):
            return "bad_format"
        if not _clean(value):
            return "control_character"
    return None
