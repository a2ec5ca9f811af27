"""What stands in the checks of other repositories: the hooks of pre-commit, the action for GitHub, that of GitLab.

Their scripts are run as they stand, in repositories that are made here, with an API that answers as the real ones.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import test_docs
import yaml
from fake_forge import ME, TOKEN, GitHub, GitLab, serve
from judge.seeds import few

from policyc import cli

ROOT = Path(__file__).resolve().parents[1]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
SPEC, PIPELINE = yaml.safe_load_all((ROOT / "templates" / "gitlab" / "template.yml").read_text(encoding="utf-8"))
CLONED = "/tmp/policyc"  # noqa: S108 - where jobs of GitLab, which are alone on their machine, have policyc
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))

MARK = "<!-- policyc diff -->"
BEFORE = """politique "Essai"

poste 101 Secrétariat   messagerie
poste 102 Martin        messagerie

pour Martin
  depuis 06* vers messagerie

test "les mobiles"
  appel de 07 39 98 00 01 pour Martin donne sonnerie Martin
"""
AFTER = BEFORE.replace("vers messagerie", "vers extension Secrétariat")
WRONG = BEFORE.replace("vers messagerie", "vers mobile")
BROKEN = BEFORE.replace("depuis 06*", "depuis 06* 07*")  # a policy that does not keep its word
STATES = {"before": BEFORE, "after": AFTER, "wrong": WRONG, "broken": BROKEN}


# Of who commits, so that no settings of git on this machine count.
IDENTITY = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.com",
    "LC_ALL": "C.UTF-8",
}


# -- their form --------------------------------------------------------------------------------------------------------


def valid(schema, *paths):
    return subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *paths],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_the_action_is_as_github_describes_them():
    done = valid("vendor.github-actions", ROOT / "action.yml")

    assert done.returncode == 0, done.stdout


def test_the_pipeline_is_as_gitlab_describes_them(tmp_path):
    """Both of its parts: the inputs, and the jobs."""
    parts = [tmp_path / "inputs.json", tmp_path / "jobs.json"]
    for path, part in zip(parts, (SPEC, PIPELINE), strict=True):
        path.write_text(json.dumps(part))
    done = valid("vendor.gitlab-ci", *parts)

    assert done.returncode == 0, done.stdout


def test_the_hooks_are_as_pre_commit_describes_them():
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-manifest", ROOT / ".pre-commit-hooks.yaml"],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "")


def scripts_of_the_action():
    return [one["run"] for one in ACTION["runs"]["steps"] if "run" in one]


def scripts_of_the_pipeline():
    return [line for job in PIPELINE.values() for key in ("before_script", "script") for line in job.get(key, ())]


def test_no_value_is_put_into_a_script():
    """A branch may be called `$(rm -rf ~)`: as a variable it stays a text."""
    assert [] == [one for one in scripts_of_the_action() if "${{" in one]
    assert [] == [one for one in scripts_of_the_pipeline() if "$[[" in one]


def test_every_input_is_used_and_every_use_is_declared():
    for text, declared, uses in (
        ((ROOT / "action.yml").read_text(encoding="utf-8"), ACTION["inputs"], r"\binputs\.([\w-]+)"),
        (
            (ROOT / "templates" / "gitlab" / "template.yml").read_text(encoding="utf-8"),
            SPEC["spec"]["inputs"],
            r"\[\[ inputs\.([\w-]+)",
        ),
    ):
        assert set(declared) == set(re.findall(uses, text))


def test_scripts_are_good_bash():
    for script in (*scripts_of_the_action(), *scripts_of_the_pipeline()):
        done = subprocess.run(["bash", "-n"], input=script, capture_output=True, encoding="utf-8", check=False)

        assert (done.returncode, done.stderr) == (0, "")


# -- where they run ----------------------------------------------------------------------------------------------------


@pytest.fixture
def programs(tmp_path):
    """A folder for PATH: policyc, and a python that installs nothing but notes it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    policyc = f'PYTHONPATH="{ROOT}" exec "{sys.executable}" -m policyc "$@"'
    noted = f'if [ "$1 $2" = "-m pip" ]; then printf "%s\\n" "$*" >> "{folder}/pip.log"; exit; fi'
    python = f'{noted}\nexec "{sys.executable}" "$@"'
    for name, line in (("policyc", policyc), ("python", python)):
        (folder / name).write_text(f"#!/bin/bash\n{line}\n")
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def environment(programs, tmp_path):
    (tmp_path / "home").mkdir()
    return {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path / "home"),
        **IDENTITY,
    }


class Repository:
    """A repository whose main branch has moved since a branch of each state of STATES left it."""

    def __init__(self, folder, environment):
        self.folder = folder
        self.environment = environment
        self.git("init", "--quiet", "--initial-branch=main", ".")
        self.start = self.commit("politique.pol", BEFORE)
        for name, text in STATES.items():
            self.git("checkout", "--quiet", "-b", name, "main")
            self.commit("LISEZMOI.md", name)
            self.commit("politique.pol", text)
        self.git("checkout", "--quiet", "main")
        # A change of others, which no pull request is to be blamed for.
        self.main = self.commit("politique.pol", BEFORE.replace("\npour", "poste 103 Leroy         messagerie\n\npour"))
        for name in STATES:  # as GitHub does it for a pull request
            self.git("checkout", "--quiet", "-b", f"{name}-merged", "main")
            self.git("merge", "--quiet", "--no-ff", "--message", "merge", name)

    def git(self, *arguments):
        done = subprocess.run(
            ["git", *map(str, arguments)],
            cwd=self.folder,
            capture_output=True,
            encoding="utf-8",
            env=self.environment,
            check=True,
        )
        return done.stdout.strip()

    def commit(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")
        self.git("add", name)
        self.git("commit", "--quiet", "--allow-empty", "--message", name)
        return self.git("rev-parse", "HEAD")

    def clone(self, place, branch):
        """Clone as a job does, without history, and return the commit."""
        shutil.rmtree(place, ignore_errors=True)
        self.git("clone", "--quiet", "--depth=1", f"--branch={branch}", f"file://{self.folder}", place)
        return self.git("rev-parse", branch)


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """One for all: jobs only clone it."""
    environment = {"PATH": os.environ["PATH"], **IDENTITY}
    return Repository(tmp_path_factory.mktemp("origin"), environment)


# -- GitHub ------------------------------------------------------------------------------------------------------------


def evaluated(expression, contexts):
    """Return what an expression of a workflow gives: `||`, `&&`, comparisons of names and texts."""
    for sign, stops in (("||", True), ("&&", False)):
        if sign in expression:
            first, rest = expression.split(sign, 1)
            found = evaluated(first, contexts)
            return found if bool(found) is stops else evaluated(rest, contexts)
    if compared := re.fullmatch(r"(.*)(==|!=)(.*)", expression, re.DOTALL):
        first, second = (evaluated(one, contexts) for one in (compared[1], compared[3]))
        return (first == second) is (compared[2] == "==")
    expression = expression.strip()
    if text := re.fullmatch(r"'([^']*)'", expression):
        return text[1]
    assert re.fullmatch(r"[\w.-]+", expression), expression
    found = contexts
    for part in expression.split("."):
        found = found.get(part, "") if isinstance(found, dict) else ""
    return found


def filled(text, contexts):
    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: str(evaluated(found[1], contexts)), str(text))


class Job:
    """A job of GitHub Actions that is at the step which uses the action."""

    def __init__(self, tmp_path, repository, environment, forge):
        self.tmp, self.repository, self.forge = tmp_path, repository, forge
        self.environment = environment
        self.folder = tmp_path / "job"
        self.outcomes: dict[str, str] = {}
        self.output = ""

    def run(self, branch, inputs=(), event=None, name="pull_request"):
        """Run the action in a fresh clone; return whether it succeeds."""
        head = self.repository.clone(self.folder, f"{branch}-merged" if name == "pull_request" else branch)
        number = {"number": 7, "base": {"sha": self.repository.start}, "head": {"repo": {"full_name": "org/tel"}}}
        event = event or {"pull_request": number}
        files = {one: self.tmp / f"{one}.txt" for one in ("summary", "output")}
        (self.tmp / "event.json").write_text(json.dumps(event))
        for file in files.values():
            file.write_text("")
        contexts = {
            "inputs": {
                key: filled(one.get("default", ""), {"github": {"token": TOKEN}})
                for key, one in ACTION["inputs"].items()
            },
            "github": {"event": event, "repository": "org/tel"},
            "steps": {},
        }
        contexts["inputs"] |= dict(inputs)
        own = {
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_API_URL": self.forge.url,
            "GITHUB_EVENT_NAME": name,
            "GITHUB_EVENT_PATH": str(self.tmp / "event.json"),
            "GITHUB_OUTPUT": str(files["output"]),
            "GITHUB_REPOSITORY": "org/tel",
            "GITHUB_SHA": head,
            "GITHUB_STEP_SUMMARY": str(files["summary"]),
            "RUNNER_TEMP": str(self.tmp),
        }
        self.outcomes, self.output = {}, ""
        for step in ACTION["runs"]["steps"]:
            if "uses" in step:
                assert step["uses"].startswith("actions/setup-python@")
            elif "if" not in step or evaluated(step["if"], contexts):
                done = self.step(step, {**self.environment, **own}, contexts)
                self.outcomes[step["name"]] = "success" if done == 0 else "failure"
                lines = [line.partition("=") for line in files["output"].read_text().splitlines()]
                contexts["steps"][step.get("id", "")] = {"outputs": {key: value for key, _, value in lines}}
                files["output"].write_text("")
                if done and not step.get("continue-on-error"):
                    return False
        self.summary = files["summary"].read_text(encoding="utf-8")
        return True

    def step(self, step, environment, contexts):
        (self.tmp / "step.sh").write_text(step["run"])
        assert step["shell"] == "bash"
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", self.tmp / "step.sh"],
            cwd=self.folder,
            env={**environment, **{key: filled(value, contexts) for key, value in step.get("env", {}).items()}},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        self.output += done.stdout
        return done.returncode


@pytest.fixture
def job(tmp_path, repository, environment):
    with serve(GitHub) as forge:
        yield Job(tmp_path, repository, environment, forge)


def test_a_pull_request_is_told_what_it_changes_and_the_next_run_changes_the_same_comment(job, programs):
    for text in ("Bien vu.", f"{MARK}\nfaux rapport", "Merci."):
        job.forge.say(text)
    assert job.run("after"), job.output

    [*_, comment] = job.forge.bodies()
    assert len(job.forge.comments) == 4
    assert comment.startswith(f"{MARK}\n")
    assert job.summary == comment
    assert "Leroy" not in comment  # which main has got meanwhile
    assert job.outcomes == dict.fromkeys(
        ("Install policyc", "Check", "Compare", "Comment", "Test", "Judge the comparison"), "success"
    )
    [installed] = (programs / "pip.log").read_text().splitlines()
    assert installed.endswith(f" -c {ROOT}/constraints.txt {ROOT}")

    job.forge.say("Encore ceci.")

    assert job.run("before"), job.output

    assert len(job.forge.comments) == 5
    assert job.forge.bodies()[1] == f"{MARK}\nfaux rapport"  # of a stranger
    assert job.forge.bodies()[3].startswith(MARK)
    assert job.forge.bodies()[3] != comment
    assert job.forge.asked.count("PATCH /repos/org/tel/issues/comments/1003") == 1


@pytest.mark.thorough
def test_a_comment_of_somebody_of_the_project_is_taken_over(job):
    job.forge.say(f"{MARK}\nancien rapport", association="MEMBER")

    assert job.run("after"), job.output
    assert len(job.forge.comments) == 1
    assert "ancien rapport" not in job.forge.bodies()[0]


def test_a_policy_with_errors_fails_with_annotations(job):
    assert not job.run("wrong")

    assert job.outcomes == {"Install policyc": "success", "Check": "failure"}
    assert re.search(r"^::error file=politique\.pol,line=8", job.output, re.MULTILINE)
    assert job.forge.comments == []


def test_a_policy_that_does_not_keep_its_word_fails_after_the_comment(job):
    assert not job.run("broken", {"junit": "essais.xml"})

    assert job.outcomes["Test"] == "failure"
    assert len(job.forge.comments) == 1
    assert "<testsuite" in (job.folder / "essais.xml").read_text()


def test_too_many_moved_callers_fail_after_the_comment(job):
    assert not job.run("after", {"max-moved": "0.0000001%"})

    assert job.outcomes["Judge the comparison"] == "failure"
    assert len(job.forge.comments) == 1


def test_a_report_for_code_scanning_is_written_even_if_the_check_fails(job):
    assert not job.run("wrong", {"sarif": "policyc.sarif"})

    [run] = json.loads((job.folder / "policyc.sarif").read_text())["runs"]
    assert [one["ruleId"] for one in run["results"]] == ["PC302"]


def test_a_fork_has_no_comment_but_a_summary(job):
    fork = {"number": 7, "base": {"sha": job.repository.start}, "head": {"repo": {"full_name": "mallory/tel"}}}

    assert job.run("after", event={"pull_request": fork})
    assert "Comment" not in job.outcomes
    assert job.summary.startswith(MARK)
    assert job.forge.asked == []


def test_a_job_that_may_not_speak_still_judges(job):
    job.forge.refuse = "POST"

    assert job.run("after")
    assert job.outcomes["Comment"] == "failure"
    assert job.outcomes["Judge the comparison"] == "success"
    assert "comment.py: POST /repos/org/tel/issues/7/comments: 403" in job.output
    assert TOKEN not in job.output


@pytest.mark.thorough
def test_a_push_is_compared_with_what_was_there(job):
    assert job.run("after", name="push", event={"before": job.repository.start})
    assert job.summary.startswith(MARK)
    assert "Comment" not in job.outcomes


@pytest.mark.thorough
def test_a_new_branch_has_nothing_to_be_compared_with(job):
    assert job.run("after", name="push", event={"before": "0" * 40})
    assert "Nothing to compare with" in job.output
    assert job.summary == ""
    assert "Judge the comparison" not in job.outcomes


@pytest.mark.thorough
def test_the_base_may_be_a_branch(job):
    assert job.run("after", {"base": "before"})
    assert "Leroy" in job.summary  # which that branch has not got


@pytest.mark.parametrize(
    "given",
    few(
        [
            ("policies", "$(touch gotcha) `touch gotcha`; touch gotcha"),
            ("base", "$(touch gotcha)"),
            ("base", "--upload-pack=touch gotcha"),
            ("max-moved", "1%; touch gotcha"),
        ],
        2,
    ),
)
def test_what_is_given_is_never_run(job, given):
    assert not job.run("after", dict([given]))
    assert not (job.folder / "gotcha").exists()


# -- GitLab ------------------------------------------------------------------------------------------------------------


class Pipeline:
    """Jobs of GitLab CI."""

    def __init__(self, tmp_path, repository, environment, forge):
        self.folder, self.repository, self.environment, self.forge = tmp_path / "job", repository, environment, forge
        self.output = ""

    def run(self, name, branch, inputs=(), **variables):
        self.repository.clone(self.folder, branch)
        defaults = {key: one.get("default") for key, one in SPEC["spec"]["inputs"].items()}
        values = {**defaults, "repository": "https://example.com/policyc.git", "version": "v1", **dict(inputs)}
        job = {**PIPELINE[PIPELINE[name]["extends"]], **PIPELINE[name]}

        def filled(text):
            return re.sub(
                r"\$\[\[ inputs\.([\w-]+) \]\]",
                lambda found: str(values[found[1]]).lower() if isinstance(values[found[1]], bool) else values[found[1]],
                text,
            )

        environment = {
            **self.environment,
            "GITLAB_CI": "true",
            "CI_API_V4_URL": self.forge.url,
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": self.repository.start,
            "CI_MERGE_REQUEST_IID": "7",
            "CI_PROJECT_ID": "42",
            **{key: filled(value) for key, value in job["variables"].items()},
            **variables,
        }
        [cloned] = [number for number, line in enumerate(job["before_script"]) if "checkout" in line]
        script = [*job["before_script"][cloned + 1 :], *job["script"]]  # what comes before it is run by itself below
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", "\n".join(script).replace(CLONED, str(ROOT))],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        self.output = done.stdout
        return done.returncode == 0


@pytest.fixture
def pipeline(tmp_path, repository, environment):
    with serve(GitLab) as forge:
        yield Pipeline(tmp_path, repository, environment, forge)


@pytest.mark.thorough
def test_gitlab_checks_and_tests_with_reports(pipeline):
    assert pipeline.run("policyc-check", "after"), pipeline.output
    assert json.loads((pipeline.folder / "policyc-check.json").read_text()) == []
    assert pipeline.run("policyc-test", "after"), pipeline.output
    assert "<testsuite" in (pipeline.folder / "policyc-test.xml").read_text()
    assert PIPELINE["policyc-check"]["artifacts"]["reports"] == {"codequality": "policyc-check.json"}
    assert PIPELINE["policyc-test"]["artifacts"]["reports"] == {"junit": "policyc-test.xml"}


def test_gitlab_fails_with_reports(pipeline):
    assert not pipeline.run("policyc-check", "wrong")
    [found] = json.loads((pipeline.folder / "policyc-check.json").read_text())
    assert (found["check_name"], found["location"]["path"]) == ("PC302 no-mobile", "politique.pol")
    assert "PC302" in pipeline.output
    assert not pipeline.run("policyc-test", "broken")
    assert "<failure" in (pipeline.folder / "policyc-test.xml").read_text()


def test_a_merge_request_is_told_what_it_changes(pipeline):
    for text in ("Bien vu.", f"{MARK}\nfaux rapport", "Merci."):
        pipeline.forge.say(text)
    for branch in ("after", "before"):
        assert pipeline.run("policyc-diff", branch, POLICYC_GITLAB_TOKEN=TOKEN), pipeline.output

        assert len(pipeline.forge.comments) == 4
        assert pipeline.forge.bodies()[3] == (pipeline.folder / "policyc-diff.md").read_text(encoding="utf-8")
    assert pipeline.forge.bodies()[1] == f"{MARK}\nfaux rapport"
    assert pipeline.forge.asked.count("PUT /projects/42/merge_requests/7/notes/1003") == 1
    assert pipeline.forge.comments[3]["author"] == ME


def test_without_a_token_the_report_is_an_artifact(pipeline):
    assert pipeline.run("policyc-diff", "after")
    assert (pipeline.folder / "policyc-diff.md").read_text(encoding="utf-8").startswith(MARK)
    assert pipeline.forge.asked == []


@pytest.mark.thorough
def test_too_many_moved_callers_fail_the_job_after_the_note(pipeline):
    assert not pipeline.run("policyc-diff", "after", {"max-moved": "0.0000001%"}, POLICYC_GITLAB_TOKEN=TOKEN)
    assert len(pipeline.forge.comments) == 1


@pytest.mark.thorough
def test_a_pipeline_of_merged_results_is_compared_with_its_target(pipeline):
    main = pipeline.repository.main

    assert pipeline.run("policyc-diff", "after", CI_MERGE_REQUEST_TARGET_BRANCH_SHA=main)
    assert "Leroy" in (pipeline.folder / "policyc-diff.md").read_text(encoding="utf-8")


def test_gitlab_installs_the_version_that_is_named(tmp_path, repository, environment, programs):
    """What is before the work itself: a clone of one version, of which the constraints hold."""
    (tmp_path / "policyc").mkdir()
    script = "\n".join(PIPELINE[".policyc"]["before_script"]).replace(CLONED, f"{tmp_path}/policyc")
    variables = {"POLICYC_REPOSITORY": f"file://{repository.folder}", "POLICYC_VERSION": "after"}

    subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script], env={**environment, **variables}, check=True, cwd=tmp_path
    )

    assert (tmp_path / "policyc" / "politique.pol").read_text(encoding="utf-8") == AFTER
    assert f"-c {tmp_path}/policyc/constraints.txt {tmp_path}/policyc" in (programs / "pip.log").read_text()


# -- the comment itself ------------------------------------------------------------------------------------------------


def commented(tmp_path, environment, text=f"{MARK}\nrapport\n"):
    (tmp_path / "r.md").write_text(text, encoding="utf-8")
    return subprocess.run(
        [sys.executable, ROOT / ".ci" / "comment.py", tmp_path / "r.md"],
        capture_output=True,
        encoding="utf-8",
        env={"PATH": os.environ["PATH"], **environment},
        check=False,
    )


@pytest.fixture
def forge():
    with serve(GitLab) as running:
        yield running


@pytest.fixture
def of_gitlab(forge):
    return {
        "GITLAB_CI": "true",
        "CI_API_V4_URL": forge.url,
        "CI_PROJECT_ID": "42",
        "CI_MERGE_REQUEST_IID": "7",
        "POLICYC_GITLAB_TOKEN": TOKEN,
    }


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"POLICYC_GITLAB_TOKEN": ""}, "POLICYC_GITLAB_TOKEN is not set"),
        ({"POLICYC_GITLAB_TOKEN": "wrong"}, "GET /user: 401"),
        ({"CI_API_V4_URL": "http://gitlab.example.com/api/v4"}, "CI_API_V4_URL must begin with https://"),
        ({"CI_API_V4_URL": "http://127.0.0.1:1"}, "GET /user: "),
        ({"CI_MERGE_REQUEST_IID": "8"}, "merge_requests/8/notes: 404"),
    ],
)
def test_what_keeps_it_from_speaking_is_told(tmp_path, of_gitlab, changes, said):
    done = commented(tmp_path, of_gitlab | changes)

    assert done.returncode == 1
    assert done.stderr.startswith("comment.py: ")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_report_without_its_mark_is_no_report(tmp_path, forge, of_gitlab):
    assert commented(tmp_path, of_gitlab, "rapport\n").returncode == 1
    assert forge.comments == []


def test_the_token_goes_nowhere_else(tmp_path, forge, of_gitlab):
    for text in ("a", "b", "c"):
        forge.say(text)
    with serve(GitLab) as other:
        forge.lure = f"{other.url}/projects/42/merge_requests/7/notes"
        done = commented(tmp_path, of_gitlab)

    assert "the next page is somewhere else" in done.stderr
    assert (other.asked, len(forge.comments)) == ([], 3)


# -- pre-commit --------------------------------------------------------------------------------------------------------


def hooked(repository, environment, folder, files):
    """Run the hooks, as the manifest says but with the policyc of PATH, on files that are to be committed."""
    repository.clone(folder, "before")
    hooks = [{**hook, "language": "system"} for hook in HOOKS]
    config = {"repos": [{"repo": "local", "hooks": hooks}]}
    (folder / ".pre-commit-config.yaml").write_text(json.dumps(config))
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    subprocess.run(["git", "add", "."], cwd=folder, env=environment, check=True)
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--color=never"],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        env={**environment, "PRE_COMMIT_HOME": str(folder.parent / "cache")},
        check=False,
    )
    told = re.findall(r"^(policyc \w+)\.+(?:\(no files to check\))?(\w+)$", done.stdout, re.MULTILINE)
    assert [name for name, _ in told] == [hook["name"] for hook in HOOKS], done.stdout + done.stderr
    return dict(told), done.stdout


def test_hooks_run_for_what_is_of_a_policy(repository, environment, tmp_path):
    passed, text = hooked(repository, environment, tmp_path / "work", {"politique.pol": AFTER})

    assert set(passed.values()) == {"Passed"}, text


def test_hooks_sleep_for_what_is_not(repository, environment, tmp_path):
    told, text = hooked(repository, environment, tmp_path / "work", {"LISEZMOI.md": "autre"})

    assert set(told.values()) == {"Skipped"}, text


def test_hooks_find_what_is_wrong(repository, environment, tmp_path):
    told, text = hooked(repository, environment, tmp_path / "work", {"politique.pol": WRONG})

    assert (told["policyc check"], "PC302" in text) == ("Failed", True)


@pytest.mark.parametrize(
    ("path", "hooks"),
    [
        ("politique.pol", {"policyc-check", "policyc-test", "policyc-fmt"}),
        ("regles/a.pol", {"policyc-check", "policyc-test", "policyc-fmt"}),
        ("annuaire/postes.csv", {"policyc-check", "policyc-test"}),
        ("policyc.toml", {"policyc-check", "policyc-test"}),
        ("tel/policyc.toml", {"policyc-check", "policyc-test"}),
        ("mypolicyc.toml", set()),
        ("notes.pol.md", set()),
    ],
)
def test_which_files_wake_which_hook(path, hooks):
    assert {hook["id"] for hook in HOOKS if re.search(hook["files"], path)} == hooks


def test_what_the_action_and_the_hooks_need_is_in_the_archive():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    archived = project["tool"]["hatch"]["build"]["targets"]["sdist"]["only-include"]

    assert {"action.yml", ".ci", ".pre-commit-hooks.yaml"} <= set(archived)


# -- the page that tells about them ------------------------------------------------------------------------------------

PAGE = ROOT / "docs" / "integration-continue.md"


def shown(word):
    [found] = [block for block in test_docs.blocks(PAGE, "yaml") if word in block.words]
    return found.text


def table(title):
    """Return the settings that a section lists, with their defaults."""
    section = PAGE.read_text(encoding="utf-8").partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| `([\w-]+)` \| (.*?) ?\| ", section, re.MULTILINE))


def default(text):
    """Return a default as the page tells it."""
    return "" if text is None or text == "" else f"`{str(text).lower()}`"


def test_the_page_lists_every_setting_with_its_default():
    action = {name: default(one["default"]) for name, one in ACTION["inputs"].items()}
    pipeline = {
        name: default(one["default"]) if "default" in one else "obligatoire"
        for name, one in SPEC["spec"]["inputs"].items()
    }

    assert table("GitHub") == {**action, "token": "celui de la tâche"}
    assert table("GitLab") == pipeline


def test_what_the_page_shows_can_be_used(tmp_path):
    (tmp_path / "workflow.yml").write_text(shown("github"))
    assert valid("vendor.github-workflows", tmp_path / "workflow.yml").returncode == 0
    [job] = yaml.safe_load(shown("github"))["jobs"].values()
    assert set(job["steps"][-1]["with"]) <= set(ACTION["inputs"])

    [include] = yaml.safe_load(shown("gitlab"))["include"]
    assert set(include["inputs"]) <= set(SPEC["spec"]["inputs"])
    assert {name for name, one in SPEC["spec"]["inputs"].items() if "default" not in one} <= set(include["inputs"])

    [repository] = yaml.safe_load(shown("pre-commit"))["repos"]
    assert {hook["id"] for hook in repository["hooks"]} == {hook["id"] for hook in HOOKS}


def test_what_init_prints_is_as_shown(tmp_path, monkeypatch, capsys):
    [block] = test_docs.blocks(PAGE, "console")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("POLICYC_LANG", raising=False)

    assert cli.run(["init"]) == 0
    assert block.text == "$ policyc init\n" + capsys.readouterr().err.replace("\u00a0", " ")
