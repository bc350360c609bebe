"""Which file becomes which: names, folders, collisions, what is refused before any work."""

import os
import unicodedata
from pathlib import Path

import pytest

from bbans_cli.cli import places, plan
from bbans_cli.cli.atomic_output import CollisionError
from bbans_cli.cli.plan import plan_reading, plan_writing
from bbans_cli.cli.task import Naming, Placing, PlanError, SameFileError, Task
from bbans_cli.errors import InputError, OutputExistsError
from bbans_cli.output_names import Output


def output(path: str) -> Output:
    if path.endswith(".bbc"):
        raise InputError("is a .bbc file already")
    return Output(os.path.basename(path).removesuffix(".png") + ".bbc")


def is_output(source: str, target: str) -> bool:
    return Path(target).read_text() != "foreign"


NAMING = Naming(lambda name: name.endswith(".png"), output, full=lambda name: f"{name}.bbc", is_output=is_output)


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(name)


def pairs(names: list[str], recursive: bool = False, **placing) -> list[tuple[str, str | None]]:
    tasks = plan_writing(names, recursive, NAMING, Placing(**placing))
    assert [task.problem for task in tasks if task.problem] == []
    return [(task.source, task.target) for task in tasks]


def only(names: list[str], **placing) -> Task:
    (task,) = plan_writing(names, False, NAMING, Placing(**placing))
    return task


def test_output_stands_beside_its_input() -> None:
    put("a.png", "t/b.png")
    assert pairs(["a.png", "t/b.png"]) == [("a.png", "a.bbc"), ("t/b.png", "t/b.bbc")]


def test_sizes_are_those_of_the_inputs() -> None:
    put("a.png")
    assert only(["a.png"]).size == len("a.png")


@pytest.mark.parametrize("path, target", [("x.bbc", "x.bbc"), ("new/", "new/a.bbc"), ("there", "there/a.bbc")])
def test_one_input_goes_to_a_file_or_into_a_folder(path: str, target: str) -> None:
    put("t/a.png")
    Path("there").mkdir()
    assert pairs(["t/a.png"], path=path) == [("t/a.png", target)]


def test_several_inputs_go_into_a_folder_that_need_not_be_there() -> None:
    put("t/a.png", "u/b.png")
    assert pairs(["t/a.png", "u/b.png"], path="out") == [("t/a.png", "out/a.bbc"), ("u/b.png", "out/b.bbc")]


def test_several_inputs_do_not_go_into_a_file() -> None:
    put("a.png", "b.png", "out")
    with pytest.raises(PlanError, match="not a folder"):
        pairs(["a.png", "b.png"], path="out")
    with pytest.raises(PlanError, match="not a folder"):
        pairs(["a.png"], path="out/")


def test_folders_are_mirrored_below_the_one_that_was_named() -> None:
    put("t/a.png", "t/u/b.png", "c.png")
    expected = [("t/a.png", "out/a.bbc"), ("t/u/b.png", "out/u/b.bbc"), ("c.png", "out/c.bbc")]
    assert pairs(["t", "c.png"], recursive=True, path="out") == expected
    assert pairs(["t/"], recursive=True) == [("t/a.png", "t/a.bbc"), ("t/u/b.png", "t/u/b.bbc")]


def test_one_folder_is_several_inputs() -> None:
    put("t/a.png")
    assert pairs(["t"], recursive=True, path="out") == [("t/a.png", "out/a.bbc")]
    with pytest.raises(PlanError, match="standard output"):
        pairs(["t"], recursive=True, stdout=True)


def test_walks_in_the_order_of_names_by_suffix_and_without_following_links() -> None:
    put("t/b.png", "t/a/z.png", "t/a.png", "t/c.txt", "elsewhere/d.png")
    os.symlink("../elsewhere", "t/linked")
    os.symlink("../elsewhere/d.png", "t/d.png")
    tasks = plan_writing(["t"], True, NAMING, Placing())
    assert [task.source for task in tasks] == ["t/a.png", "t/b.png", "t/a/z.png"]
    assert all(task.found for task in tasks)


def test_a_link_that_was_named_is_read() -> None:
    put("t/a.png")
    os.symlink("t", "linked")
    os.symlink("t/a.png", "b.png")
    assert pairs(["linked"], recursive=True) == [("linked/a.png", "linked/a.bbc")]
    assert pairs(["b.png"]) == [("b.png", "b.bbc")]


def test_a_folder_without_r_is_that_ones_problem() -> None:
    put("t/a.png", "b.png")
    folder, file = plan_writing(["t", "b.png"], False, NAMING, Placing())
    assert isinstance(folder.problem, IsADirectoryError) and file.problem is None


def test_an_unreadable_folder_is_a_problem_and_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    put("t/u/a.png", "t/b.png")
    real = os.scandir

    def scandir(path):
        if os.fspath(path).endswith("u"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    good, bad = plan_writing(["t"], True, NAMING, Placing())
    assert good.source == "t/b.png" and good.problem is None
    assert isinstance(bad.problem, PermissionError)


def test_a_walk_passes_by_what_is_no_regular_file() -> None:
    put("t/a.png")
    os.mkfifo("t/b.png")
    os.mkdir("t/c.png")
    tasks = plan_writing(["t"], True, NAMING, Placing())
    assert [(task.source, task.skip) for task in tasks] == [("t/a.png", ""), ("t/b.png", "no regular file")]
    assert [task.skip for task in plan_reading(["t"], True, NAMING.wanted)] == ["", "no regular file"]
    assert only(["t/b.png"]).skip == ""


def test_a_walk_passes_by_what_systems_leave_in_folders() -> None:
    put("t/a.png", "t/._b.png", "t/.DS_Store", "t/Thumbs.db", "t/other.db")
    Path("t/._a.png").write_bytes(b"\0\x05\x16\x07\0\2")
    tasks = plan_writing(["t"], True, NAMING, Placing(path="out"))
    assert {os.path.basename(task.source): task.skip for task in tasks} == {
        ".DS_Store": "a file of the system",
        "Thumbs.db": "a file of the system",
        "._a.png": "an AppleDouble file",
        "._b.png": "",
        "a.png": "",
    }
    assert all((task.target is None) == bool(task.skip) and task.problem is None for task in tasks)


def test_missing_inputs_and_wrong_suffixes_are_problems_of_their_own() -> None:
    put("b.bbc", "c.png")
    missing, wrong, good = plan_writing(["a.png", "b.bbc", "c.png"], False, NAMING, Placing())
    assert isinstance(missing.problem, FileNotFoundError)
    assert isinstance(wrong.problem, InputError)
    assert good.problem is None


def test_a_wrong_suffix_does_not_matter_when_the_output_is_named() -> None:
    put("b.bbc")
    assert only(["b.bbc"], path="c.bbc").problem is None
    assert only(["b.bbc"], stdout=True).problem is None


def collisions(names: list[str], **more) -> dict[str, str]:
    """What is said of the inputs that have the same output as another one."""
    tasks = plan_writing(names, more.pop("recursive", False), more.pop("naming", NAMING), Placing(**more))
    assert all(task.problem is None or isinstance(task.problem, CollisionError) for task in tasks)
    return {task.source: str(task.problem) for task in tasks if task.problem}


@pytest.mark.parametrize("other", ["t/a.png", "a", "u/../t/a.png"])
def test_two_inputs_for_one_output_fail_and_the_others_go_on(other: str) -> None:
    put("a.png", "t/a.png", "a", "u/x", "b.png")
    assert set(collisions(["a.png", "b.png", other], path="out" if "/" in other else None)) == {"a.png", other}


def test_every_input_of_a_collision_is_named_with_another_one() -> None:
    put("a.png", "a", "b.png", "b", "t/a.png")
    said = collisions(["a.png", "a", "b.png", "b", "t/a.png"], path="out")
    assert said["a.png"].startswith("would become out/a.bbc, as would a and 1 more;")
    assert said["t/a.png"].startswith("would become out/a.bbc, as would a.png and 1 more;")
    assert said["b"].startswith("would become out/b.bbc, as would b.png;")


def test_what_is_said_to_help_against_a_collision_does_help() -> None:
    put("a.png", "a", "t/a.png")
    assert all(said.endswith("--full-names keeps them apart") for said in collisions(["a.png", "a"]).values())
    apart = collisions(["a.png", "t/a.png"], path="out")
    assert all(said.endswith("without -o each goes beside its input") for said in apart.values())
    both = collisions(["a.png", "a", "t/a.png"], path="out")
    assert all(said.endswith("--full-names without -o keeps them apart") for said in both.values())
    only_one = collisions(["a.png", "a"], naming=Naming(NAMING.wanted, output))
    assert all(said.endswith("-o names the output of one") for said in only_one.values())


def test_a_missing_input_collides_with_nothing() -> None:
    put("a.png")
    there, missing = plan_writing(["a.png", "a"], False, NAMING, Placing())
    assert there.problem is None and isinstance(missing.problem, FileNotFoundError)


def test_folders_that_are_not_there_yet_collide_by_name() -> None:
    put("a.png", "t/a.png")
    assert len(collisions(["a.png", "t/a.png"], path="new/./deep/")) == 2


def test_an_input_named_twice_is_one() -> None:
    put("a.png")
    os.symlink("a.png", "b.png")
    assert pairs(["a.png", "./a.png", "../" + Path.cwd().name + "/a.png"]) == [("a.png", "a.bbc")]
    assert pairs(["a.png", "b.png"]) == [("a.png", "a.bbc"), ("b.png", "b.bbc")]


def ignore_case(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files as a file system finds them to which names that differ in case or in the form of accents are one."""
    real = places.identity

    def folded(name: str) -> str:
        return unicodedata.normalize("NFD", name).casefold()

    def identity(path: str) -> places.Identity | None:
        folder, name = os.path.split(path)
        names = os.listdir(folder or ".") if os.path.isdir(folder or ".") else []
        there = name if name in names else next((other for other in names if folded(other) == folded(name)), name)
        return real(os.path.join(folder, there))

    monkeypatch.setattr(places, "identity", identity)


@pytest.mark.parametrize("names", [("a.png", "A"), ("\u00e9.png", "e\u0301")])
def test_names_that_differ_only_for_us_collide_where_the_file_system_takes_them_for_one(names, monkeypatch) -> None:
    put(*names, "b.png")
    assert len(pairs([*names, "b.png"])) == 3
    ignore_case(monkeypatch)
    said = collisions([*names, "b.png"])
    assert set(said) == set(names) and all(text.endswith("--full-names keeps them apart") for text in said.values())
    assert set(collisions([*names, "b.png"], path="new/out")) == set(names)


def test_existing_outputs() -> None:
    put("a.png", "a.bbc")
    assert isinstance(only(["a.png"]).problem, OutputExistsError)
    assert only(["a.png"], force=True) == Task("a.png", "a.bbc", 5)
    assert only(["a.png"], skip_existing=True).skip


def test_an_output_that_came_from_another_kind_of_file_is_not_skipped() -> None:
    put("a.png")
    Path("a.bbc").write_text("foreign")
    task = only(["a.png"], skip_existing=True)
    assert not task.skip and isinstance(task.problem, OutputExistsError)
    assert str(task.problem) == "exists already and did not come from a.png; -f replaces it"


def test_an_input_that_another_command_has_done_and_removed_is_skipped() -> None:
    put("a.bbc")
    options = {"skip_existing": True, "remove": True}
    assert only(["a.png"], **options).skip == "a.bbc exists, and the input is gone"
    for fewer in ({"skip_existing": True}, {"remove": True}):
        assert isinstance(only(["a.png"], **fewer).problem, FileNotFoundError)
    Path("a.bbc").write_text("foreign")
    assert isinstance(only(["a.png"], **options).problem, FileNotFoundError)


def test_what_did_not_come_from_standard_input_is_said_in_words() -> None:
    Path("a.bbc").write_text("foreign")
    problem = only(["-"], path="a.bbc", skip_existing=True).problem
    assert str(problem) == "exists already and did not come from standard input; -f replaces it"


def test_a_dangling_link_exists() -> None:
    put("a.png")
    os.symlink("nowhere", "a.bbc")
    assert isinstance(only(["a.png"]).problem, OutputExistsError)


def test_a_folder_is_never_replaced() -> None:
    put("a.png", "a.bbc/x")
    assert isinstance(only(["a.png"], force=True).problem, OutputExistsError)


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_no_input_is_ever_replaced(link) -> None:
    put("a.png", "b.png")
    link("b.png", "a.bbc")
    first, second = plan_writing(["a.png", "b.png"], False, NAMING, Placing(force=True))
    assert isinstance(first.problem, SameFileError) and second.problem is None
    assert isinstance(only(["a.png"], path="./a.png", force=True).problem, SameFileError)


def test_devices_and_pipes_may_be_written_to_as_they_are() -> None:
    put("a.png", "b.png")
    os.mkfifo("pipe")
    assert only(["a.png"], path="pipe").problem is None
    assert only(["a.png"], path="/dev/null").problem is None


def test_standard_input_becomes_standard_output_or_a_named_file() -> None:
    put("a.png")
    assert only(["-"]) == Task("-", "-")
    assert only(["-"], path="x.bbc") == Task("-", "x.bbc")
    for names, path in ((["-"], "folder/"), (["-", "a.png"], None)):
        with pytest.raises(PlanError, match="standard input"):
            pairs(names, path=path)


def test_standard_output_takes_one() -> None:
    put("a.png", "b.png")
    assert only(["a.png"], path="-") == only(["a.png"], stdout=True) == Task("a.png", "-", 5)
    with pytest.raises(PlanError, match="standard output"):
        pairs(["a.png", "b.png"], stdout=True)


def test_reading_plans_take_standard_input_among_files() -> None:
    put("a.png")
    assert plan_reading(["a.png", "-"], False, NAMING.wanted) == [Task("a.png", size=5), Task("-")]


def test_a_name_with_a_nul_is_that_of_no_file() -> None:
    put("a.png")
    bad, good = plan_writing(["a\0.png", "a.png"], False, NAMING, Placing())
    assert isinstance(bad.problem, FileNotFoundError) and good.problem is None
    assert [type(task.problem) for task in plan_reading(["a\0.png"], False, NAMING.wanted)] == [FileNotFoundError]


def test_lists() -> None:
    assert plan.read_list(b"a\n\nb c\n-\n-x", b"\n") == ["a", "b c", "./-", "-x"]
    assert plan.read_list(b"a\nb\0\0c", b"\0") == ["a\nb", "c"]
    assert os.fsencode(plan.read_list(b"\xe9\n", b"\n")[0]) == b"\xe9"
