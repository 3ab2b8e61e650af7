"""Conditions: the small language in which a flow says when a step is asked.

`category == 'POLCOR' or police in ('yes', 'unknown')`, `not place.station`, `count >= 3`. Names are steps; a dotted
name is a field of an answer. A missing answer is the empty text. Everything else in Python is refused (calls,
arithmetic, subscripts), so that an untrusted flow can only compare.
"""

import ast
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from satark.api.flow import Condition, Values

_Test: TypeAlias = Callable[[Values], bool]

_LONGEST: Final = 1000
_COMPARISONS: Final = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn)


_FUNCTION: Final = """
def holds(values):
    try:
        return True if test else False
    except TypeError:
        return False
"""


class ConditionError(ValueError):
    """The condition is refused; the message says what is wrong with it."""


def parse_condition(source: str) -> Condition:
    """Parse a condition.

    Raises:
        ConditionError: the source does more than compare, or is not an expression.
    """
    if len(source) > _LONGEST:
        raise ConditionError("it is too long")
    try:
        tree = ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ConditionError("it can't be parsed") from error
    compiler = _Compiler()
    test = compiler.compile(tree)
    constants = {name: frozenset(found) for name, found in compiler.constants.items()}
    return Condition(source.strip(), frozenset(constants), constants, test)


class _Compiler:
    """Compiles a condition, node by node. Collects its names and the values that each is compared with."""

    def __init__(self) -> None:
        self.constants: dict[str, set[Any]] = {}

    def compile(self, node: ast.expr) -> _Test:
        """Compile the condition to a function, since each turn evaluates every condition of a flow."""
        module = _Filled(self._test(node)).visit(ast.parse(_FUNCTION))
        known: dict[str, Any] = {"__builtins__": {"TypeError": TypeError}, "field": _field}
        exec(compile(ast.fix_missing_locations(module), "<condition>", "exec"), known)  # noqa: S102 - names and constants
        test: _Test = known["holds"]
        return test

    def _test(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.BoolOp):
            return ast.BoolOp(node.op, [self._test(part) for part in node.values])
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return ast.UnaryOp(node.op, self._test(node.operand))
        return self._comparison(node) if isinstance(node, ast.Compare) else self._value(node)

    def _comparison(self, node: ast.Compare) -> ast.expr:
        if not isinstance(node.ops[0], _COMPARISONS) or len(node.ops) > 1:
            raise ConditionError("only one of ==, !=, <, <=, >, >=, in, not in may stand in a comparison")
        left, right = self._value(node.left), self._value(node.comparators[0])
        self._collect(node.left, node.comparators[0])
        self._collect(node.comparators[0], node.left)
        return ast.Compare(left, node.ops, [right])

    def _value(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Name | ast.Attribute):
            return self._named(node)
        return ast.Constant(_constant(node))

    def _named(self, node: ast.Name | ast.Attribute) -> ast.expr:
        name = _dotted(node)
        self.constants.setdefault(name, set())
        step, _, field = name.partition(".")
        value = _call(ast.Attribute(_name("values"), "get", ast.Load()), step, "")
        return _call(_name("field"), value, field) if field else value

    def _collect(self, named: ast.expr, compared: ast.expr) -> None:
        if isinstance(named, ast.Name | ast.Attribute) and not isinstance(compared, ast.Name | ast.Attribute):
            constant = _constant(compared)
            self.constants[_dotted(named)].update(constant if isinstance(constant, tuple) else (constant,))


class _Filled(ast.NodeTransformer):
    """Puts the expression of a condition into the function `_FUNCTION`."""

    def __init__(self, test: ast.expr) -> None:
        self._filling = test

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Replace the placeholder `test` by the expression."""
        return self._filling if node.id == "test" else node


def _name(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _call(function: ast.expr, *arguments: ast.expr | str) -> ast.Call:
    return ast.Call(function, [ast.Constant(one) if isinstance(one, str) else one for one in arguments], [])


def _field(value: Any, field: str) -> Any:
    return value.get(field, "") if isinstance(value, dict) else ""  # not `Mapping`: that takes ten times as long


def _dotted(node: ast.Name | ast.Attribute) -> str:
    if isinstance(node, ast.Name):
        name = node.id
    elif isinstance(node.value, ast.Name):
        name = f"{node.value.id}.{node.attr}"
    else:
        raise ConditionError("a name has at most one dot")
    if "__" in name or name.startswith("_") or "._" in name:
        raise ConditionError(f"{name!r} is not a step's name")
    return name


def _constant(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float | bool):
        return node.value
    if isinstance(node, ast.Tuple | ast.List):
        return tuple(_constant(item) for item in node.elts)
    raise ConditionError(f"{ast.unparse(node)!r} is more than a name or a constant")
