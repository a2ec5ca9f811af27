"""A project as it was in a revision of git: real repositories, with all that stands in them and in the way."""

import os
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judge.seeds import few

from policyc import api, gitfiles, report, workspace
from policyc.cli import printing
from policyc.files import DiskFiles, OutsideProjectError, SubmoduleError
from policyc.revisions import RevisionError, sides, workspace_at

POLICY = "poste 101 Accueil\n"
NEWER = "poste 101 Accueil\nposte 102 Atelier\n"
IDENTITY = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.com",
    "GIT_AUTHOR_DATE": "2026-11-23T10:00:00Z",
    "GIT_COMMITTER_DATE": "2026-11-23T10:00:00Z",
}


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    """Keep the repositories of tests apart from whatever runs the tests, a hook of git included."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


class Repository:
    """A repository in a folder of the test."""

    def __init__(self, folder, *arguments):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self("init", "-q", "-b", "main", *arguments)

    def __call__(self, *arguments):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | IDENTITY
        done = subprocess.run(["git", *arguments], cwd=self.folder, env=environment, check=True, capture_output=True)
        return os.fsdecode(done.stdout).strip()

    def write(self, **files):
        for name, content in files.items():
            self.put(name.replace("__", "/").replace("_pol", ".pol").replace("_toml", ".toml"), content)

    def put(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self, **files):
        self.write(**files)
        self("add", "-A")
        self("commit", "-q", "--allow-empty", "-m", "une étape")
        return self("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "dépôt")


def find(repository, *names, below=""):
    return workspace.find(names, repository.folder / below)


def extensions(place):
    checked = api.examine_workspace(place)
    assert () == checked.diagnostics
    return sorted(checked.policy.extensions)


def problem(place, revision):
    """Return the code and the case that a revision ends with, and make sure that it can be told."""
    with pytest.raises(RevisionError) as caught:
        sides(place, revision)
    diagnostic = caught.value.diagnostic
    for language in report.LANGUAGES:
        assert report.render_text([diagnostic], report.load_catalogue(language), color=False)
    return diagnostic.code, diagnostic.args["case"]


def helps(place, revision):
    with pytest.raises(RevisionError) as caught:
        sides(place, revision)
    return [one.key for one in caught.value.diagnostic.help]


# -- which revisions


def test_a_revision_is_held_against_what_is_on_disk(repository):
    repository.commit(p_pol=POLICY)
    repository.write(p_pol=NEWER)
    both = sides(find(repository, "p.pol"), "HEAD")

    assert ["101"] == extensions(both.old)
    assert ["101", "102"] == extensions(both.new)
    assert ("HEAD:", None) == (both.old.past.prefix, both.new.past)


def history(repository):
    """Make a branch that adds 102, while main adds 103."""
    repository.commit(p_pol=POLICY)
    repository("switch", "-q", "-c", "branche")
    repository.commit(p_pol=NEWER)
    repository("switch", "-q", "main")
    repository.commit(p_pol=POLICY + "poste 103 Bureau\n")


@pytest.mark.parametrize(
    ("revision", "old", "new"),
    [
        ("main..branche", ["101", "103"], ["101", "102"]),
        ("main...branche", ["101"], ["101", "102"]),
        ("branche..", ["101", "102"], ["101", "103"]),
        ("..branche", ["101", "103"], ["101", "102"]),
        ("...branche", ["101"], ["101", "102"]),
        ("branche...", ["101"], ["101", "103"]),
        ("..", ["101", "103"], ["101", "103"]),
        ("main~1..main^{commit}", ["101"], ["101", "103"]),
        (":/étape", ["101", "103"], ["101", "103"]),
        ("étiquette", ["101", "102"], ["101", "103"]),
        ("fusion^2..fusion", ["101", "102"], ["101", "102", "103"]),
    ],
)
def test_revisions_are_named_as_for_git(repository, revision, old, new):
    history(repository)
    repository("tag", "-a", "-m", "étiquette", "étiquette", "branche")
    repository("switch", "-q", "-c", "fusion")
    repository("merge", "-q", "-s", "ours", "--no-commit", "branche")
    repository.commit(p_pol=NEWER + "poste 103 Bureau\n")
    repository("switch", "-q", "main")

    both = sides(find(repository, "p.pol"), revision)

    assert [old, new] == [extensions(both.old), extensions(both.new)]


def test_a_common_ancestor_is_shown_by_its_id(repository):
    history(repository)
    both = sides(find(repository), "main...branche")

    assert f"{repository('rev-parse', 'main~1')[:10]}:" == both.old.past.prefix
    assert "branche:" == both.new.past.prefix


@pytest.mark.parametrize(
    "name",
    few(
        [
            *("-x", "--all", "--help", "--output=x", "-", "", " ", "a b", "a\nb", "HEAD\n", "^HEAD", "HEAD^!"),
            *(
                "é",
                "\udce9",
                "HEAD\0",
                "main..branche..main",
                "main....branche",
                "$(touch x)",
                "0" * 40,
                "@{u}",
                ":/rien",
            ),
        ],
        4,
    ),
)
def test_a_revision_that_is_none_is_told(repository, name):
    history(repository)

    assert ("PC008", "unknown") == problem(find(repository, "p.pol"), name)
    assert ["p.pol"] == [path.name for path in repository.folder.glob("[!.]*")]


@pytest.mark.parametrize("name", ["HEAD:p.pol", "HEAD:", "HEAD^{tree}"])
def test_a_revision_is_a_commit(repository, name):
    repository.commit(p_pol=POLICY)

    assert ("PC008", "commit") == problem(find(repository), name)


def test_histories_without_a_common_ancestor(repository):
    repository.commit(p_pol=POLICY)
    repository("switch", "-q", "--orphan", "autre")
    repository.commit(p_pol=NEWER)
    place = find(repository)

    assert ("PC008", "unrelated") == problem(place, "main...autre")
    assert ["101"] == extensions(sides(place, "main..autre").old)


def test_a_shallow_clone_says_how_to_get_the_rest(repository, tmp_path):
    history(repository)
    clone = Repository(tmp_path / "clone")
    clone("fetch", "-q", "--depth", "1", repository.folder.as_uri(), "main")
    clone("checkout", "-q", "FETCH_HEAD")

    assert ["shallow"] == helps(find(clone), "HEAD~1")
    assert [] == helps(find(repository), "HEAD~7")
    assert ["101", "103"] == extensions(sides(find(clone), "HEAD").old)


def test_a_repository_without_a_commit(repository):
    repository.write(p_pol=POLICY)

    assert ("PC008", "unknown") == problem(find(repository), "HEAD")


# -- which files


def test_includes_and_directories_are_those_of_the_revision(repository):
    repository.commit(
        p_pol='inclure "parts/*.pol"\nannuaire "parts/a.csv"\n',
        parts__un_pol="poste 101 Un\n",
        **{"parts/a.csv": "numero,nom\n102,Deux\n"},
    )
    repository.commit(parts__trois_pol="poste 103 Trois\n", **{"parts/a.csv": "numero,nom\n104,Quatre\n"})
    both = sides(find(repository, "p.pol"), "HEAD~1..")

    assert [["101", "102"], ["101", "103", "104"]] == [extensions(both.old), extensions(both.new)]


def test_settings_and_sources_are_those_of_the_revision(repository):
    repository.commit(a_pol=POLICY, policyc_toml='[policy]\ntargets = ["3cx"]\n')
    repository.commit(
        policyc_toml='[policy]\nsources = ["suite/*.pol"]\ntargets = ["asterisk"]\n', suite__b_pol="poste 102 B\n"
    )
    both = sides(find(repository), "HEAD~1..HEAD")

    assert [("a.pol",), ("suite/b.pol",)] == [both.old.paths, both.new.paths]
    assert [("3cx",), ("asterisk",)] == [both.old.config.targets, both.new.config.targets]
    assert [["101"], ["102"]] == [extensions(both.old), extensions(both.new)]


def test_settings_of_the_current_folder_are_those_of_the_revision(repository):
    repository.commit(suite__p_pol=POLICY, policyc_toml='[policy]\ntargets = ["3cx"]\n')
    repository.write(policyc_toml="[policy\n")
    place = find(repository, "suite/p.pol")

    assert ["PC006"] == [one.code for one in place.diagnostics]

    old = workspace_at(place, "HEAD")
    assert [(), ("3cx",), ("suite/p.pol",)] == [old.diagnostics, old.config.targets, old.paths]


def test_private_folders_are_those_on_disk(repository, tmp_path):
    private = tmp_path / "privé"
    private.mkdir()
    (private / "a.csv").write_text("numero,nom\n101,Accueil\n")
    repository.commit(
        p_pol='annuaire "../privé/a.csv"\n', policyc_toml='[policy]\nprivate_directories = ["../privé"]\n'
    )
    (private / "a.csv").write_text("numero,nom\n102,Accueil\n")

    assert ["102"] == extensions(workspace_at(find(repository, "p.pol"), "HEAD"))


def test_a_folder_of_the_repository_is_a_project_of_its_own(repository):
    repository.commit(**{"des postes/.site\n1": b"", "secret.pol": "poste 109 Secret\n"})
    below = "des postes/.sous: dossier\n1"
    repository.put(f"{below}/p.pol", POLICY)
    repository.put(f"{below}/lien.pol", 'inclure "../../secret.pol"\n')
    repository.commit()
    repository.put(f"{below}/p.pol", NEWER)
    both = sides(find(repository, "p.pol", below=below), "HEAD")

    assert [["101"], ["101", "102"]] == [extensions(both.old), extensions(both.new)]
    assert f"HEAD:{below}/" == both.old.past.prefix

    outside = workspace_at(find(repository, "lien.pol", below=below), "HEAD")
    assert ["PC003"] == [one.code for one in api.examine_workspace(outside).diagnostics]


def test_a_policy_that_is_new_had_no_files(repository):
    repository.commit(autre_pol=POLICY)
    repository.commit(suite__p_pol=POLICY)

    assert () == sides(find(repository, "suite/p.pol"), "HEAD~1").old.paths
    assert () == sides(find(repository, below="suite"), "HEAD~1").old.paths
    assert ("p.pol",) == sides(find(repository, "suite/p.pol"), "HEAD").old.paths


def test_a_policy_that_was_removed_has_no_files(repository):
    repository.commit(p_pol=POLICY, autre_pol="")
    (repository.folder / "p.pol").unlink()
    repository.commit()
    both = sides(find(repository, "p.pol"), "HEAD~1..HEAD")

    assert [("p.pol",), ()] == [both.old.paths, both.new.paths]
    assert ("PC001", "absent") == problem(find(repository, "q.pol"), "HEAD~1..HEAD")


@pytest.mark.parametrize("revision", ["HEAD~1..HEAD", "HEAD~1"])
def test_a_policy_that_was_renamed_is_the_same(repository, revision):
    rules = "".join(f"poste {number} Poste{number}\n" for number in range(100, 140))
    repository.commit(**{"sous/avant.pol": rules, "sous/autre.pol": POLICY})
    repository("mv", "sous/avant.pol", "sous/après.pol")
    repository.put("sous/après.pol", rules + "poste 140 Poste140\n")
    repository.commit()
    place = find(repository, "après.pol", "autre.pol", below="sous")

    assert ("avant.pol", "autre.pol") == sides(place, revision).old.paths


def test_what_is_not_text_of_the_policy_is_not_run_or_followed(repository):
    """Filters and textconv of a repository's settings are programs: none is run for a raw blob."""
    repository("config", "filter.ecrit.smudge", "touch fait; cat")
    repository("config", "filter.ecrit.clean", "touch fait; cat")
    repository("config", "diff.ecrit.textconv", "touch fait; cat")
    repository("config", "diff.external", "touch fait")
    repository("config", "core.fsmonitor", "touch fait")
    repository.put(".gitattributes", "*.pol filter=ecrit diff=ecrit\n")
    repository.commit(p_pol=POLICY)
    (repository.folder / "fait").unlink()
    both = sides(find(repository, "p.pol", "q.pol"), "HEAD")

    assert ["101"] == extensions(both.old)
    assert not (repository.folder / "fait").exists()


def test_a_submodule_is_not_read(repository, tmp_path):
    other = Repository(tmp_path / "autre")
    other.commit(x_pol=POLICY)
    repository("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other.folder), "sous")
    repository.commit(p_pol='inclure "sous/x.pol"\nannuaire "sous/x.csv"\n')
    [pattern, submodule] = api.examine_workspace(workspace_at(find(repository, "p.pol"), "HEAD")).diagnostics

    assert ["PC004", "PC001"] == [pattern.code, submodule.code]
    assert "submodule" == submodule.args["case"]
    assert ["101"] == extensions(workspace_at(find(repository, "x.pol", below="sous"), "HEAD"))


def test_a_pointer_of_lfs_is_told(repository):
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12\n"
    repository.commit(p_pol='annuaire "a.csv"\n', **{"a.csv": pointer})
    place = find(repository, "p.pol")

    for one in (place, workspace_at(place, "HEAD")):
        [found] = api.examine_workspace(one).diagnostics
        assert ("PC001", "lfs") == (found.code, found.args["case"])


def test_paths_are_shown_as_git_names_them(repository, monkeypatch):
    repository.commit(**{"sous/p.pol": "frobnique\n"})
    repository.put("sous/p.pol", POLICY)
    monkeypatch.chdir(repository.folder)
    old = sides(find(repository, "sous/p.pol"), "HEAD").old
    [found] = printing.shown(old, api.examine_workspace(old).diagnostics)

    assert "HEAD:sous/p.pol" == found.primary.file.path
    assert "frobnique" == repository("show", found.primary.file.path)
    assert "prive/a.csv" == printing.displayed(old)("../prive/a.csv")


# -- where the repository is


def test_no_repository_no_git(tmp_path, monkeypatch):
    (tmp_path / "p.pol").write_text(POLICY)
    place = workspace.find(["p.pol"], tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    assert ("PC009", "repository") == problem(place, "HEAD")

    monkeypatch.setenv("PATH", str(tmp_path))
    assert ("PC009", "absent") == problem(place, "HEAD")


def test_a_repository_of_another_user(repository, monkeypatch):
    repository.commit(p_pol=POLICY)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")

    assert ("PC009", "ownership") == problem(find(repository), "HEAD")
    assert ["safe"] == helps(find(repository), "HEAD")


def test_a_repository_that_is_broken(repository):
    commit = repository.commit(p_pol=POLICY)
    tree = repository("rev-parse", f"{commit}^{{tree}}")
    (repository.folder / ".git/objects" / tree[:2] / tree[2:]).unlink()

    assert ("PC009", "other") == problem(find(repository), "HEAD")

    repository.put(".git/config", "[core\n")
    assert ("PC009", "other") == problem(find(repository), "HEAD")


def test_a_blob_that_is_missing_is_no_traceback(repository):
    repository.commit(p_pol=POLICY)
    blob = repository("rev-parse", "HEAD:p.pol")
    (repository.folder / ".git/objects" / blob[:2] / blob[2:]).unlink()
    [found] = api.examine_workspace(workspace_at(find(repository, "p.pol"), "HEAD")).diagnostics

    assert ("PC001", "other") == (found.code, found.args["case"])
    assert blob in found.args["reason"]


def test_a_hook_runs_with_settings_of_its_own(repository, tmp_path, monkeypatch):
    """git sets these for hooks, and they would lead to another repository or another index."""
    repository.commit(**{"sous/p.pol": POLICY})
    other = Repository(tmp_path / "autre")
    other.commit(p_pol=NEWER)
    monkeypatch.setenv("GIT_DIR", str(other.folder / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.folder))
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index.lock")
    monkeypatch.setenv("GIT_PREFIX", "autre/")

    assert ["101"] == extensions(sides(find(repository, "p.pol", below="sous"), "HEAD").old)


@pytest.mark.parametrize("below", ["", "sous"])
def test_a_repository_without_a_working_tree(repository, tmp_path, below):
    repository.commit(**{"p.pol": POLICY, "sous/p.pol": POLICY})
    repository.commit(**{"p.pol": NEWER, "sous/p.pol": NEWER})
    bare = tmp_path / "serveur.git"
    repository("clone", "-q", "--bare", ".", str(bare))
    both = sides(workspace.find([f"{below}/p.pol".lstrip("/")], bare), "main~1..main")

    assert [["101"], ["101", "102"]] == [extensions(both.old), extensions(both.new)]


def test_another_working_tree(repository, tmp_path):
    history(repository)
    repository("worktree", "add", "-q", str(tmp_path / "à côté"), "branche")
    place = workspace.find(["p.pol"], tmp_path / "à côté")

    assert [["101", "103"], ["101", "102"]] == [extensions(one) for one in (sides(place, "main").old, place)]


def test_a_project_behind_a_link(repository, tmp_path):
    repository.commit(**{"sous/p.pol": POLICY})
    (tmp_path / "lien").symlink_to(repository.folder / "sous")

    assert ["101"] == extensions(workspace_at(workspace.find(["p.pol"], tmp_path / "lien"), "HEAD"))


# -- as `Files`


LINKS = {
    "p.pol": POLICY,
    "a/x.pol": "",
    "a/b/deep.pol": "",
    "a/.caché.pol": "",
    "a/é.pol": "",
    "a/x[1].pol": "",
    "a/x1.pol": "",
    "a/note": "",
}
TARGETS = {
    "lien.pol": "a/x.pol",
    "dossier": "a/b",
    "a/haut": "..",
    "a/b/deux.pol": "../../lien.pol",
    "a/b/rond.pol": "rond.pol",
    "a/b/rien.pol": "absent.pol",
}
OUTSIDE = {"dehors.pol": "../autre.pol", "absolu.pol": "/etc/passwd"}


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    repository = Repository(tmp_path_factory.mktemp("fichiers") / "dépôt")
    for name, content in LINKS.items():
        repository.put(f"projet/{name}", content)
    repository.put("autre.pol", "")
    for name, target in {**TARGETS, **OUTSIDE}.items():
        (repository.folder / "projet" / name).symlink_to(target)
    repository.commit()
    root = repository.folder / "projet"
    return DiskFiles(root), workspace_at(find(repository, "p.pol", below="projet"), "HEAD").files


def outcome(function, argument):
    try:
        return function(argument)
    except OutsideProjectError:
        return OutsideProjectError
    except (OSError, ValueError, NotImplementedError, IndexError) as error:  # of pathlib, for "."
        return type(error)


PATHS = [*LINKS, *TARGETS, *OUTSIDE, *("dossier/deep.pol", "a/haut/p.pol", "a/haut/a/haut/lien.pol", "a", "", "absent")]
PATHS += ["dossier/../x.pol", "../autre.pol", "a/../p.pol", "./p.pol", "a//x.pol", "absent/x.pol"]


@pytest.mark.parametrize("path", PATHS)
def test_files_are_read_as_on_disk(held, path):
    disk, git = held

    assert outcome(disk.read, path) == outcome(git.read, path)


PATTERNS = ["*.pol", "a/*.pol", "a/?.pol", "*/*.pol", "dossier/*.pol", "**/deep.pol", "a/haut/p*", "a/x[1].pol", "a/b"]
PATTERNS += ["dossier/**/*.pol", "a/**/x.pol", "**/b/*", "absent*", "", "**.pol", "/*.pol", "./p*.pol", "a//x*", "**"]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_match_as_on_disk(held, pattern):
    disk, git = held
    expected, found = outcome(disk.glob, pattern), outcome(git.glob, pattern)

    if expected is NotImplementedError:  # another word for no pattern
        expected = ValueError
    assert expected == found


def test_any_pattern_matches_as_on_disk(held):
    disk, git = held

    @given(st.text(alphabet="ab/*?.pxl", min_size=1, max_size=8))
    def law(pattern):
        expected, found = outcome(disk.glob, pattern), outcome(git.glob, pattern)
        if isinstance(expected, list) and isinstance(found, list):
            assert expected == found

    law()


def test_a_large_file_is_cut_as_on_disk(repository, monkeypatch):
    repository.commit(p_pol="#" * 100)
    files = workspace_at(find(repository, "p.pol"), "HEAD").files
    monkeypatch.setattr(gitfiles, "MAX_BYTES", 10)

    assert b"#" * 11 == files.read("p.pol")


def test_a_submodule_is_no_file(repository):
    commit = repository.commit(p_pol=POLICY)
    repository("update-index", "--add", "--cacheinfo", f"160000,{commit},sous")
    repository("commit", "-q", "-m", "sous-module")
    files = workspace_at(find(repository, "p.pol"), "HEAD").files

    with pytest.raises(SubmoduleError):
        files.read("sous")
    assert ["p.pol"] == files.glob("*")
    assert "sous" in files
