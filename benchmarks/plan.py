"""What a load sends."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    """One request. A POST gets an address of its own each time, and a proof where the plan has some."""

    method: str
    path: str
    expect: int
    body: str | None = None
    accept_encoding: str | None = None


@dataclass(frozen=True)
class Plan:
    """What is sent, over and over: the steps in turn."""

    port: int
    steps: tuple[Step, ...]
    proofs: list[str] = field(default_factory=list)
