"""What clients were told, written down line by line while it happens."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One attempt as its client saw it; `status` is 0 where no answer came."""

    key: str
    status: int
    seconds: float
    order: str | None = None
    digest: str = ""
    replayed: bool = False
    detail: str = ""

    @property
    def acknowledged(self) -> bool:
        """Whether the client was told that its order exists."""
        return 200 <= self.status < 300


class Journal:
    """A file of answers; each is on the disk before the client does anything else."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("w", encoding="utf-8")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def write(self, answer: Answer) -> None:
        """Add an answer."""
        self._file.write(json.dumps(asdict(answer)) + "\n")
        self._file.flush()


def read(path: Path) -> list[Answer]:
    """Return what a journal holds."""
    return [Answer(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def by_key(answers: Iterable[Answer]) -> dict[str, list[Answer]]:
    """Return the answers to each key, in their order."""
    found: dict[str, list[Answer]] = {}
    for answer in answers:
        found.setdefault(answer.key, []).append(answer)
    return found
