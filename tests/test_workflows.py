"""The workflows: CI runs the script of the checkout, and publishing needs no secret."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".github" / "workflows"
PATHS = sorted(FOLDER.glob("*.yml"))
# YAML 1.1 reads the key `on` as true.
ON: Any = True


def read(name: str) -> dict[Any, Any]:
    loaded = yaml.safe_load((FOLDER / f"{name}.yml").read_text("utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def steps(workflow: dict[Any, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def commands(job: dict[str, Any]) -> list[str]:
    return [step["run"] for step in job["steps"] if "run" in step]


def test_there_is_one_workflow_to_check_and_one_to_publish() -> None:
    assert [path.stem for path in PATHS] == ["ci", "publish"]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_workflow_names_no_address_and_no_secret(path: Path) -> None:
    text = path.read_text("utf-8")

    assert "://" not in text
    assert not re.search(r"secrets\.|password|token:(?! write)|repository-url|repository_url", text)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_action_is_pinned_to_a_version(path: Path) -> None:
    used = [step["uses"] for step in steps(read(path.stem)) if "uses" in step]

    assert used
    assert [action for action in used if not re.fullmatch(r"[\w.-]+/[\w./-]+@v\d+(\.\d+\.\d+)?", action)] == []


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_no_command_contains_an_expression(path: Path) -> None:
    assert [step["run"] for step in steps(read(path.stem)) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_checkout_keeps_no_credentials_and_every_job_has_a_timeout(path: Path) -> None:
    workflow = read(path.stem)

    for step in steps(workflow):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False
    assert all(job["timeout-minutes"] <= 60 for job in workflow["jobs"].values())


def test_ci_runs_the_script_on_pushes_and_pull_requests_with_read_access_only() -> None:
    ci = read("ci")

    assert set(ci[ON]) == {"push", "pull_request"}
    assert ci["permissions"] == {"contents": "read"}
    assert [name for name, job in ci["jobs"].items() if "permissions" in job] == []
    assert commands(ci["jobs"]["check"]) == ["bash .ci/run"]


def test_ci_tests_every_supported_python_and_the_newest_release() -> None:
    jobs = read("ci")["jobs"]
    [setup] = [step for step in jobs["check"]["steps"] if step.get("uses", "").startswith("actions/setup-python@")]
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    supported = re.findall(r"Programming Language :: Python :: (3\.\d+)", project)

    assert set(setup["with"]["python-version"].split()) == {supported[0], supported[-1]}
    assert jobs["wheel"]["strategy"]["matrix"]["python"] == [*supported[1:-1], "3.x"]
    assert commands(jobs["wheel"]) == ["make wheel"]


def test_publishing_starts_with_a_published_release() -> None:
    assert read("publish")[ON] == {"release": {"types": ["published"]}}


def test_only_the_publishing_job_has_an_identity_token_and_it_runs_no_code_of_the_project() -> None:
    publish = read("publish")
    jobs = publish["jobs"]

    assert publish["permissions"] == {}
    assert jobs["build"]["permissions"] == {"contents": "read"}
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert jobs["publish"]["needs"] == "build"
    assert jobs["publish"]["environment"]
    assert commands(jobs["publish"]) == []
    assert not [step for step in jobs["publish"]["steps"] if step["uses"].startswith("actions/checkout@")]


def test_the_release_is_built_and_checked_against_its_tag() -> None:
    build = read("publish")["jobs"]["build"]

    built, checked = commands(build)
    assert built == "make build"
    assert checked.endswith('python -m tools.release check "$TAG"')
    [step] = [step for step in build["steps"] if step.get("run") == checked]
    assert step["env"] == {"TAG": "${{ github.event.release.tag_name }}"}


def test_the_built_files_are_published_with_attestations() -> None:
    jobs = read("publish")["jobs"]
    upload, [download, publish] = jobs["build"]["steps"][-1], jobs["publish"]["steps"]

    assert upload["uses"].startswith("actions/upload-artifact@")
    assert download["uses"].startswith("actions/download-artifact@")
    assert {key: upload["with"][key] for key in ("name", "path")} == download["with"]
    assert re.fullmatch(r"pypa/gh-action-pypi-publish@v\d+\.\d+\.\d+", publish["uses"])
    assert publish["with"] == {"attestations": True}
