"""Translate the condition of a step into the expression of Flow JSON's `If`.

Source: Meta, WhatsApp Flows, "Reference > Flow JSON > Components > If": `==`, `!=`, `&&`, `||`, `!` and parentheses;
both sides of a comparison have one type, and one side is dynamic; texts stand in single quotes.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

ToValue: TypeAlias = Callable[[str, str], str]
"""Takes a step's id and a constant of a condition; returns the form's value for the constant."""

_AND_OR: Final[Mapping[type[ast.boolop], str]] = {ast.And: " && ", ast.Or: " || "}
_EQUALITY: Final[Mapping[type[ast.cmpop], str]] = {ast.Eq: "==", ast.NotEq: "!="}


class UntranslatableError(ValueError):
    """Flow JSON can't say this condition."""


def translate(source: str, references: Mapping[str, str], to_value: ToValue) -> str:
    """Translate a condition.

    Args:
        source: the condition, as the flow has it.
        references: step → how the form refers to its answer, such as `${form.police}`.
        to_value: see `ToValue`.

    Raises:
        UntranslatableError: the condition names a step without a reference or a part of an answer, or orders values.
    """
    return _Translator(references, to_value).expression(ast.parse(source, mode="eval").body)


class _Translator:
    def __init__(self, references: Mapping[str, str], to_value: ToValue) -> None:
        self._references = references
        self._to_value = to_value

    def expression(self, node: ast.expr) -> str:
        if isinstance(node, ast.BoolOp):
            return _joined(_AND_OR[type(node.op)], [self.expression(part) for part in node.values])
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return f"!{self.expression(node.operand)}"
        if isinstance(node, ast.Compare):
            return self._comparison(node.left, node.ops[0], node.comparators[0])
        return self._equals(node, "", "!=")

    def _comparison(self, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> str:
        if type(operator) in _EQUALITY:
            if not isinstance(left, ast.Name):
                left, right = right, left
            return self._equals(left, _text(right), _EQUALITY[type(operator)])
        if isinstance(operator, ast.In) and isinstance(right, ast.Tuple | ast.List):
            return _joined(" || ", [self._equals(left, _text(item), "==") for item in right.elts])
        if isinstance(operator, ast.NotIn) and isinstance(right, ast.Tuple | ast.List):
            return _joined(" && ", [self._equals(left, _text(item), "!=") for item in right.elts])
        raise UntranslatableError(ast.unparse(left))

    def _equals(self, node: ast.expr, constant: str, operator: str) -> str:
        if not isinstance(node, ast.Name) or node.id not in self._references:
            raise UntranslatableError(ast.unparse(node))
        value = self._to_value(node.id, constant) if constant else ""
        return f"({self._references[node.id]} {operator} '{value}')"


def _joined(sign: str, parts: list[str]) -> str:
    if not parts:
        raise UntranslatableError("nothing to compare with")
    return parts[0] if len(parts) == 1 else f"({sign.join(parts)})"


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and "'" not in node.value:
        return node.value
    raise UntranslatableError(ast.unparse(node))
