"""What someone else could have written is never believed: it names programs that are run."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest

from fastgres.embedded import acquire
from fastgres.embedded.locks import FileLock
from fastgres.embedded.ownership import check_own_directory
from fastgres.errors import EmbeddedError
from tests.embedded.processes import query

LOCKS = ("keeper", "lease", "start")


def planted(directory: Path, outsider: int) -> None:
    """Make a directory as an outsider would: with a keeper file that names his programs."""
    directory.mkdir()
    for name in LOCKS:
        (directory / name).write_text('{"programs": "/tmp/evil"}')
        os.chown(directory / name, outsider, outsider)
    os.chown(directory, outsider, outsider)


def test_directory_of_someone_else_is_refused(directory: Path, outsider: int) -> None:
    """Who made it first would choose what root runs; the error says whose it is and what to do."""
    planted(directory, outsider)
    with pytest.raises(EmbeddedError, match=f"belongs to user {outsider}.*EMBEDDED_DIRECTORY="):
        acquire(directory, durable=False)
    assert sorted(each.name for each in directory.iterdir()) == sorted(LOCKS)


def test_directory_of_root_may_be_used_by_others() -> None:
    """Root could do anything anyway."""
    check_own_directory(Path("/usr"))


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777, 0o1777])
def test_directory_that_others_can_write_to_is_refused(directory: Path, mode: int) -> None:
    """They could put a keeper file there."""
    directory.mkdir()
    directory.chmod(mode)
    with pytest.raises(EmbeddedError, match=r"others can write there.*chmod go-w"):
        acquire(directory, durable=False)


def test_link_in_place_of_the_directory_is_refused(place: Path) -> None:
    """It leads to wherever its maker wants."""
    (place / "real").mkdir(mode=0o700)
    (place / "postgres").symlink_to(place / "real")
    with pytest.raises(EmbeddedError, match=r"is a link to .*real"):
        acquire(place / "postgres", durable=False)
    assert not list((place / "real").iterdir())


def test_file_in_place_of_the_directory_is_refused(directory: Path) -> None:
    """With a sentence, and no traceback about a directory."""
    directory.touch()
    with pytest.raises(EmbeddedError, match="is no directory"):
        acquire(directory, durable=False)


@pytest.mark.parametrize("name", LOCKS)
def test_lock_file_of_someone_else_is_refused(directory: Path, outsider: int, name: str) -> None:
    """Each of the three, though the directory is ours."""
    directory.mkdir(mode=0o711)
    (directory / name).touch(mode=0o600)
    os.chown(directory / name, outsider, outsider)
    with pytest.raises(EmbeddedError, match=f"{name} belongs to user {outsider}"):
        acquire(directory, durable=False)


@pytest.mark.parametrize("name", LOCKS)
def test_lock_file_that_others_can_write_is_refused(directory: Path, name: str) -> None:
    """Its content is believed, so nobody else may have a hand in it."""
    directory.mkdir(mode=0o700)
    (directory / name).touch()
    (directory / name).chmod(0o622)
    with pytest.raises(EmbeddedError, match=f"{name} has mode -rw--w--w-"):
        acquire(directory, durable=False)


@pytest.mark.parametrize("name", LOCKS)
def test_link_in_place_of_a_lock_file_is_refused(directory: Path, name: str) -> None:
    """Neither followed nor made where it leads."""
    directory.mkdir(mode=0o700)
    (directory / name).symlink_to(directory / "there")
    with pytest.raises(EmbeddedError, match=f"{name} is no plain file"):
        acquire(directory, durable=False)
    assert not (directory / "there").exists()


def test_lock_file_is_read_from_where_it_was_checked(tmp_path: Path) -> None:
    """What stands at its path by now was never checked."""
    lock = FileLock(tmp_path / "keeper")
    lock.write("ours")
    (tmp_path / "keeper").replace(tmp_path / "away")
    (tmp_path / "keeper").write_text("theirs")
    assert lock.read() == "ours"
    lock.close()


def test_root_works_in_the_checkout_of_a_user(place: Path, outsider: int) -> None:
    """The state directory that root makes is root's, and the user can put none in its place."""
    os.chown(place, outsider, outsider)
    directory = place / ".fastgres" / "postgres"
    for _ in range(2):
        with acquire(directory, durable=False) as cluster:
            assert query(cluster.url(), "SELECT 1") == "1"
    assert (directory.stat().st_uid, directory.parent.stat().st_uid) == (0, 0)
    (place / ".fastgres").rename(place / "away")
    (place / ".fastgres").mkdir()
    planted(directory, outsider)
    with pytest.raises(EmbeddedError, match=f"belongs to user {outsider}"):
        acquire(directory, durable=False)


def test_permissions_go_to_the_directory_made_and_to_no_link(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who owns the parent could swap the two between making it and setting its mode."""
    target = Path(tempfile.mkdtemp(dir=place))
    target.chmod(0o750)
    make = Path.mkdir

    def swap(path: Path, *arguments: object, **options: object) -> None:
        if path == place / "postgres":
            path.symlink_to(target)
        else:
            make(path, *arguments, **options)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(Path, "mkdir", swap)
    with pytest.raises(EmbeddedError):
        acquire(place / "postgres", durable=False)
    assert stat.S_IMODE(target.stat().st_mode) == 0o750


def test_lease_ends_though_the_directory_was_replaced(directory: Path) -> None:
    """Who gives back has nothing to fear from what stands there now, and no error to handle."""
    with acquire(directory, durable=False):
        directory.rename(directory.with_name("away"))
        directory.symlink_to("away")
        (directory / "start").unlink()
        (directory / "start").symlink_to("lease")
