"""The scenarios of ENet's behaviour again, with a DTLS stage at each end."""

from __future__ import annotations

from types import ModuleType
from typing import Any

__all__ = ["scenarios"]

UNFIT = {
    # OpenSSL takes records up to 64 places late, as Mbed TLS does; this one has more than that overtake each other.
    "test_everything_queued_arrives_over_a_bad_link",
    # Ten thousand sessions in one process. What a flood does to DTLS has tests of its own.
    "test_slots_and_answers_are_bounded",
}


def scenarios(*modules: ModuleType) -> dict[str, Any]:
    """The tests of these modules, under names that do not clash, for the globals of a test module."""
    found: dict[str, Any] = {}
    for module in modules:
        topic = module.__name__.rpartition("test_")[2]
        for name, thing in vars(module).items():
            if name.startswith("Test"):
                hidden = dict.fromkeys(UNFIT & set(vars(thing)))
                found[f"Test{topic.title()}{name[4:]}"] = type(name, (thing,), hidden)
            elif name.startswith("test_") and name not in UNFIT:
                found[f"test_{topic}_{name[5:]}"] = thing
    return found
