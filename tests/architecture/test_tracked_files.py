"""What is committed works on every machine: no registry, no path of the one it was written on."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REGISTRY = re.compile(r"--(?:extra-)?index[-]url|--find[-]links|file:///")
MACHINE = re.compile(r"(?<![\w.])/(?:root|work|home/\w+|Users/\w+)/")

LOCKS = ("bench.txt", "dev.txt", "uv.txt")


def tracked() -> list[Path]:
    """List the files git knows, or skip where the checkout came without git."""
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("needs git and a clone: a copy without history has no tracked files")
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def matching(pattern: re.Pattern[str]) -> list[str]:
    """List the lines of tracked text files in which `pattern` occurs, this file left out."""
    return [
        f"{path.relative_to(ROOT)}:{number} {line.strip()}"
        for path in tracked()
        if path.is_file() and path != Path(__file__)
        for number, line in enumerate(path.read_text(errors="ignore").splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_registry_is_named() -> None:
    """A lock with an address of its own works for one company only."""
    assert matching(REGISTRY) == []


def test_no_lock_holds_an_address() -> None:
    """Packages come from wherever the machine gets its packages."""
    for name in LOCKS:
        assert "://" not in (ROOT / "requirements" / name).read_text()


def test_no_path_of_a_machine_is_named() -> None:
    """A path of the author's machine is a broken link for everybody else."""
    assert matching(MACHINE) == []


def test_every_locked_package_has_a_hash() -> None:
    """What is installed is what was looked at."""
    for name in LOCKS:
        entries = re.split(r"\n(?=\w)", (ROOT / "requirements" / name).read_text())
        packages = [entry for entry in entries if re.match(r"[\w.-]+==", entry)]
        assert packages
        assert [entry for entry in packages if "--hash=sha256:" not in entry] == []
