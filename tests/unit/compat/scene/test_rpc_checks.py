"""What ``@rpc`` refuses at declaration, and what it makes of classes."""

from __future__ import annotations

import contextlib
import functools
import types
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from godot_enet.compat.globals import Error
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.rpc import BoundRpc, RpcMethod, rpc, script_methods
from tests.rows import each_row


def generator(self: object) -> Iterator[int]:
    yield 1


async def async_generator(self: object) -> AsyncIterator[int]:
    yield 1


def function(self: object, a: int = 0) -> int:
    return a


def takes_nothing() -> None: ...
def keyword_only(self: object, *, key: int) -> None: ...


class Callable_:
    def __call__(self, node: object) -> None: ...

    def method(self) -> None: ...


WRONG: list[tuple[Any, str]] = [
    (property(function), "'function' is a property; make it a method"),
    (functools.cached_property(function), "'function' is a property; make it a method"),
    (staticmethod(function), "'function' is a static method; make it an instance method"),
    (classmethod(function), "'function' is a class method; make it an instance method"),
    (Callable_, "'Callable_' is a class; decorate a method"),
    (functools.partial(function), "is a partial; write a method"),
    (functools.partialmethod(function), "'function' is a partial; write a method"),
    (Callable_(), "is of type Callable_, not a function; decorate a method"),
    (Callable_().method, "'method' is a method of one object; decorate the function in its class"),
    (len, f"'len' is of type {type(len).__name__}, not a function"),
    (str.upper, f"'upper' is of type {type(str.upper).__name__}, not a function"),
    (generator, "'generator' is a generator, which nothing iterates; remove the yield"),
    (async_generator, "'async_generator' is an async generator, which nothing iterates; await instead of yield"),
    (takes_nothing, "'takes_nothing' is a function that takes no self; add self"),
    (keyword_only, "'keyword_only' is a function with the keyword-only parameter 'key', .* move 'key' before"),
    (rpc(function), "'function' is already decorated; keep only one @rpc"),
]


@each_row(("wrong", "error"), WRONG)
def test_what_cannot_work_is_refused(wrong: Any, error: str) -> None:
    with pytest.raises(TypeError, match=f"@rpc: .*{error}"):
        rpc(wrong)
    with pytest.raises(TypeError, match=f"@rpc: .*{error}"):
        rpc("any_peer", "call_local")(wrong)


@pytest.mark.parametrize("option", [None, 1.5, True, [], {}, object()])
def test_what_is_no_option(option: Any) -> None:
    with pytest.raises(TypeError, match=r"@rpc: .* is neither a word nor a channel"):
        rpc(option)


@pytest.mark.parametrize("wrong", [None, 5, "any_peer", object()])
def test_what_is_no_function(wrong: Any) -> None:
    with pytest.raises(TypeError, match=f"@rpc: .* is of type {type(wrong).__name__}, not a function"):
        rpc("any_peer")(wrong)


def outer(wrapped: Any) -> Any:
    @functools.wraps(wrapped)
    def wrapper(*args: Any) -> Any:
        return wrapped(*args)

    return wrapper


HIDING: list[tuple[Callable[[Any], Any], str]] = [
    (staticmethod, "a static method"),
    (classmethod, "a class method"),
    (property, "a property"),
    (functools.cached_property, "a property"),
    (functools.partialmethod, "a partial"),
    (functools.lru_cache, "another decorator"),
    (outer, "another decorator"),
]


@pytest.mark.parametrize(("decorator", "name"), HIDING)
def test_a_decorator_over_it_is_refused(decorator: Callable[[Any], Any], name: str) -> None:
    with pytest.raises(TypeError, match=f"@rpc: 'f' is decorated with @rpc below {name}; make @rpc outermost"):
        type("Hidden", (Node,), {"f": decorator(rpc(function))})
    mixin = type("Mixin", (), {"f": decorator(rpc(function))})
    with pytest.raises(TypeError, match=f"below {name}"):
        type("Hidden", (mixin, Node), {})


def test_decorators_beneath_it_work() -> None:
    class Decorated(Node):
        @rpc("any_peer")
        @outer
        def wrapped(self, a: int) -> int:
            return a

        @rpc
        @functools.lru_cache  # noqa: B019 - it lives no longer than the test
        def cached(self, a: int) -> int:
            return a

        @rpc
        @contextlib.contextmanager
        def managed(self) -> Iterator[int]:
            yield 1

        @rpc
        @types.coroutine
        def awaitable(self) -> Iterator[int]:
            yield 1

        short = rpc("any_peer")(lambda self, a: a)

    node = Decorated()
    assert node.wrapped(1) == node.cached(1) == node.short(1) == 1
    assert sorted(script_methods(Decorated)) == ["awaitable", "cached", "managed", "short", "wrapped"]
    assert isinstance(node.short, BoundRpc)
    assert Decorated.short.name == "short"


@each_row(
    "name",
    ["rpc", "rpc_id", "get_path", "name", "multiplayer", "tree_entered", "__init__", "_table", "_name", "_children"],
)
def test_the_names_of_node_are_refused(name: str) -> None:
    with pytest.raises(TypeError, match=f"@rpc: '{name}' is a name that Node itself uses; choose another one"):
        type("Bad", (Node,), {name: rpc(function)})


def test_the_methods_that_a_tree_calls_may_be_rpcs() -> None:
    cls = type("Good", (Node,), {"_ready": rpc(function), "_process": rpc(function)})
    assert sorted(script_methods(cls)) == ["_process", "_ready"]


class Base(Node):
    @rpc("any_peer", 4)
    def f(self, a: int) -> int:
        return a


@pytest.mark.parametrize("over", [None, 5, property(lambda self: 1), staticmethod(function), Callable_, generator])
def test_what_hides_an_inherited_one_is_refused(over: Any) -> None:
    with pytest.raises(TypeError, match=r"@rpc: 'f' is .*\(Child inherits an RPC of that name\)"):
        type("Child", (Base,), {"f": over})


def test_a_mixin_overrides_as_a_class_does() -> None:
    class Mixin:
        def f(self, a: int) -> int:
            return a * 2

    class Child(Mixin, Base):  # type: ignore[misc]  # f is no RPC to type checkers
        pass

    assert Child().f(2) == 4
    assert isinstance(Child.f, RpcMethod)
    assert script_methods(Child)["f"][0] == script_methods(Base)["f"][0]
    assert script_methods(Child)["f"][1](Child(), 2) == 4


def test_a_mixin_may_have_rpcs() -> None:
    class Mixin:
        @rpc("any_peer")
        def g(self) -> None: ...

    class Child(Mixin, Base):
        pass

    assert sorted(script_methods(Child)) == ["f", "g"]


def test_a_second_name_is_an_rpc_of_its_own() -> None:
    class Child(Base):
        g = Base.f
        h = g

    sent: list[str] = []

    class Listening(Child):
        def rpc_id(self, peer_id: int, method: str, *args: Any) -> Error:
            sent.append(method)
            return Error.OK

    node = Listening()
    node.f.rpc(1)
    node.g.rpc(1)
    node.h.rpc_id(5, 1)
    assert sent == ["f", "g", "h"]
    assert Base.f.name == "f"
    assert sorted(script_methods(Base)) == ["f"]


class Named(Node):
    def __init__(self) -> None:
        self.sent: list[tuple[Any, ...]] = []

    def rpc_id(self, peer_id: int, method: str, *args: Any) -> Error:
        self.sent.append((method, *args))
        return Error.OK

    @rpc
    def f(self, a: int, b: int = 2, *, c: int = 3) -> None: ...

    @rpc
    def rest(self, /, a: int, *others: int, **options: int) -> None: ...

    @rpc
    def positional(self, a: int, b: int = 2, /) -> None: ...


@each_row(
    ("call", "error"),
    [
        (lambda node: node.f.rpc(1, c=9), r"f\.rpc\(\): 'c' cannot be passed by keyword"),
        (lambda node: node.f.rpc_id(5, 1, c=9), r"f\.rpc\(\): 'c' cannot be passed by keyword"),
        (lambda node: node.f.rpc_id(5, a=1, c=9), r"'c' cannot be passed by keyword"),
        (lambda node: node.rest.rpc(1, x=1, y=2), r"'x', 'y' cannot be passed by keyword"),
        (lambda node: node.positional.rpc(a=1), r"positional\.rpc\(\): "),
        (lambda node: node.f.rpc(1, d=1), r"f\.rpc\(\): got an unexpected keyword argument 'd'"),
        (lambda node: node.f.rpc(1, a=1), r"f\.rpc\(\): multiple values for argument 'a'"),
        (lambda node: node.f.rpc(b=1), r"f\.rpc\(\): missing a required argument: 'a'"),
        (lambda node: node.f.rpc(1, self=1), "multiple values for argument 'self'"),
        (lambda node: Node.rpc(node, "f", **{"a": 1}), r"unexpected keyword argument"),
    ],
)
def test_keywords_that_do_not_fit(call: Callable[[Named], Any], error: str) -> None:
    node = Named()
    with pytest.raises(TypeError, match=error):
        call(node)
    assert node.sent == []


def test_keywords_that_fit_and_no_check_without_them() -> None:
    node = Named()
    node.f.rpc(b=5, a=1)
    node.rest.rpc(a=1)
    node.f.rpc()  # type: ignore[call-arg]  # the remote refuses it, as in Godot
    node.f.rpc(1, 2, 3, 4)  # type: ignore[call-arg]
    assert node.sent == [("f", 1, 5), ("rest", 1), ("f",), ("f", 1, 2, 3, 4)]
