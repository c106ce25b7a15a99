"""Files that repeat what the code says repeat it truly."""

import re
import subprocess
from pathlib import Path
from typing import Any, get_origin

import pytest
import yaml

from components.outputs import DESCRIPTIONS
from components.settings import check
from components.settings.loader import SECRETS
from components.settings.model import Settings
from tests.graph.harness import run
from tools.configuration import _model, _plain, document

ROOT = Path(__file__).parents[2]


def declared() -> dict[str, dict[str, Any]]:
    config: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    return {key.removeprefix("stalwart-cluster:"): value for key, value in config.items()}


def test_every_setting_is_declared_with_type_default_and_description() -> None:
    assert set(declared()) == set(Settings.model_fields)
    assert all({"type", "default", "description"} <= set(value) for value in declared().values())


def test_a_section_is_declared_with_all_its_keys() -> None:
    for name, field in Settings.model_fields.items():
        section = _model(field.annotation)
        lacking = [key for key in section.model_fields if key not in declared()[name]["description"]] if section else []
        assert not lacking, name


def test_the_declared_defaults_are_those_of_the_models() -> None:
    needed = {"platform": "lab", "nodes": {"mx1": {}}, "domains": {"dev.test": {}}}
    assert check({**{key: value["default"] for key, value in declared().items()}, **needed}) == check(needed)


def test_secrets_are_named_where_the_others_are_declared() -> None:
    text = (ROOT / "Pulumi.yaml").read_text()
    assert all(f"stalwart-cluster:{key}" in text for key in SECRETS)


def test_the_reference_of_the_configuration_is_fresh() -> None:
    assert (ROOT / "docs/configuration.md").read_text() == document(), "make docs"


@pytest.mark.parametrize("path", sorted(ROOT.glob("Pulumi.*.yaml")))
def test_every_stack_file_of_the_repository_is_sound(path: Path) -> None:
    config = yaml.safe_load(path.read_text())["config"]
    check({key.removeprefix("stalwart-cluster:"): value for key, value in config.items()})


def test_every_output_is_described() -> None:
    exported = run({"platform": "lab", "nodes": {"mx1": {}}, "domains": {"dev.test": {}}}).outputs
    assert set(exported) | {"rehearsal", "cost", "disk_keys"} == set(DESCRIPTIONS)


PAGES = (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))
SECTIONS = {name for name, field in Settings.model_fields.items() if _model(field.annotation)}


def known(path: str) -> bool:
    """Whether there is such a setting; what names a thing of a map, as a node, may be anything."""
    model: Any = Settings
    for name in path.split("."):
        if model is None:
            return False
        if isinstance(model, dict):
            model = model["of"]
            continue
        field = model.model_fields.get(name)
        if field is None:
            return False
        inner = _model(field.annotation)
        mapped = get_origin(_plain(field.annotation)) is dict
        model = {"of": inner} if mapped else inner
    return True


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_tells_people_to_type_is_there(page: Path) -> None:
    text = page.read_text()
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    said = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE))
    assert said <= targets
    files = re.findall(r"(?<![\w./-])(?:tools|scripts|components|tests)/[\w/*.-]*[\w*]", text)
    assert not [name for name in files if not any(ROOT.glob(name)) and not any(ROOT.glob(f"{name}.*"))]
    named = re.findall(r"(?:`|--path '?stalwart-cluster:)([a-z_]+(?:\.[\w<>-]+)+)", text)
    settings = [path for path in named if path.split(".")[0] in SECTIONS and not path.endswith((".org", ".test"))]
    assert not [path for path in settings if not known(path)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_stack_file_in_a_page_is_sound(page: Path) -> None:
    for block in re.findall(r"```yaml\n(# Pulumi\..*?)```", page.read_text(), re.DOTALL):
        config = yaml.safe_load(block)["config"]
        check({key.removeprefix("stalwart-cluster:"): value for key, value in config.items()})


def test_links_between_documents_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} -> {target}"


def test_setting_up_a_machine_that_is_set_up_does_nothing() -> None:
    done = subprocess.run(["bash", "tools/setup.sh"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


ENVIRONMENTS = {
    "Platform": ("platform",),
    "Nodes": ("nodes",),
    "Servers": ("hetzner.type", "hetzner.locations"),
    "Domains": ("domains", "dns.zones"),
    "Records": ("dns.provider",),
    "Certificates": ("mail.certificate",),
    "Backups of servers": ("hetzner.backups",),
    "Protection": ("hetzner.protection",),
    "Removal of servers": ("allow",),
    "Wanted fault tolerance": ("fault_tolerance",),
    # Not of the environment but of who works on it.
    "": ("hetzner.ssh_from",),
}


def flat(stack: str) -> dict[str, Any]:
    config = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    found: dict[str, Any] = {}
    for key, value in config.items():
        name = key.removeprefix("stalwart-cluster:")
        nested = isinstance(value, dict) and name not in {"nodes", "domains"}
        found |= {f"{name}.{inner}": below for inner, below in value.items()} if nested else {name: value}
    return found


def test_the_environments_differ_only_where_their_table_says() -> None:
    table = (ROOT / "docs/environments.md").read_text().split("\n\n")[2]
    rows = {line.split("|")[1].strip(): line.split("|")[2:5] for line in table.splitlines()[2:]}
    stacks = [flat(stack) for stack in ("dev", "staging", "production")]
    told = {key for row, keys in ENVIRONMENTS.items() for key in keys if row in {*rows, ""}}
    every = set().union(*stacks)
    assert {key for key in every if len({repr(stack.get(key)) for stack in stacks}) > 1} <= told
    for stack, column in zip(stacks, zip(*rows.values(), strict=True), strict=True):
        cells = dict(zip(rows, column, strict=True))
        assert f"`{stack['platform']}`" in cells["Platform"]
        assert cells["Nodes"].strip() == str(len(stack["nodes"]))
        assert all(f"`{domain}`" in cells["Domains"] for domain in stack["domains"])
        assert (cells["Protection"].strip() == "yes") is stack.get("hetzner.protection", False)
        assert (cells["Removal of servers"].strip() == "allowed") is ("destroy" in stack.get("allow", []))
        assert (cells["Backups of servers"].strip() == "yes") is stack.get("hetzner.backups", False)
        if kind := stack.get("hetzner.type"):
            words = {1: "one location", 3: "three locations"}[len(stack["hetzner.locations"])]
            assert f"`{kind}`, {words}" in cells["Servers"]
