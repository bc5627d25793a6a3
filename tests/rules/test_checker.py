"""Files in, findings out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import fastgres
from fastgres.rules import check_paths, check_source

COMMIT = "async def save(session):\n    await session.commit()"
ROOT = Path(fastgres.__file__).parents[2]


def test_a_finding_says_where_what_why_and_how_to_mend_it() -> None:
    (finding,) = check_source(COMMIT, "shop/services.py")
    assert str(finding).startswith("shop/services.py:2: FG101 commit-outside-unit: A commit in")
    assert "async with session.begin()" in str(finding)


def test_a_line_may_be_allowed_with_a_reason() -> None:
    assert check_source(f"{COMMIT}  # allow FG101: it ends the unit of work") == []


@pytest.mark.parametrize(
    "comment", ["# allow FG101", "# allow FG101: ", "# allow FG201: another rule"]
)
def test_without_its_reason_or_code_it_is_not_allowed(comment: str) -> None:
    assert len(check_source(f"{COMMIT}  {comment}")) == 1


@pytest.mark.parametrize(
    "line",
    [
        "await self._session.rollback()",
        "await self.unit.session.commit()",
        "await db_session.commit()",
    ],
)
def test_a_session_is_known_by_the_end_of_its_name(line: str) -> None:
    assert len(check_source(f"async def save(self, db_session):\n    {line}")) == 1


@pytest.mark.parametrize("line", ["await consumer.commit()", "session.commit", "repo.commit()"])
def test_what_commits_something_else_is_left_alone(line: str) -> None:
    assert check_source(f"async def save(consumer, session, repo):\n    {line}") == []


def test_the_decorator_for_middleware_is_found_as_its_class_is() -> None:
    source = "@app.middleware('http')\nasync def timing(request, call_next): ..."
    assert [finding.rule.code for finding in check_source(source)] == ["FG201"]


def test_folders_are_searched(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "service.py").write_text(COMMIT)
    (tmp_path / "package" / "notes.txt").write_text(COMMIT)
    (finding,) = check_paths([tmp_path])
    assert finding.path == str(tmp_path / "package" / "service.py")


def test_our_own_code_and_the_shop_keep_the_rules() -> None:
    findings = check_paths([ROOT / "src", ROOT / "examples" / "shop" / "src"])
    assert [str(finding) for finding in findings] == []


@pytest.mark.parametrize(("source", "status"), [(COMMIT, 1), ("x = 1\n", 0)])
def test_the_exit_status_tells(tmp_path: Path, source: str, status: int) -> None:
    file = tmp_path / "module.py"
    file.write_text(source)
    command = [sys.executable, "-m", "fastgres.rules", str(file)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == status
    assert ("FG101" in finished.stdout) is bool(status)
