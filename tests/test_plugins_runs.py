"""A run remembers whose its parts are: found again, or the error says what to install."""

import importlib
import json
import sys
import warnings

import pytest

from npgpt_cli.scaffold import Scaffold
from npgpt_core import PluginError, registry
from npgpt_core.errors import NpgptWarning
from npgpt_train import Run, load_run

SMALL = ["--preset", "tiny", "--max-iters", "2", "--eval-interval", "2", "--eval-iters", "1"]


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put the part of ``npgpt plugins new`` on sys.path as a distribution, and remove it again."""
    monkeypatch.syspath_prepend(tmp_path / "site")

    def install(distribution, kind="tokenizer", name="same", version="1.0"):
        package = distribution.replace("-", "_")
        own = Scaffold(kind, "mine")
        for path, text in own.render().items():
            if path.startswith("src/"):
                target = tmp_path / "site" / package / path.rpartition("/")[2]
                target.parent.mkdir(parents=True, exist_ok=True)
                text = text.replace("npgpt_mine", package).replace('"mine":', f'"{name}":')
                target.write_text(text, "utf-8")
        info = tmp_path / "site" / f"{package}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Name: {distribution}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[npgpt]\n{package} = {package}._plugin\n")
        importlib.invalidate_caches()
        registry.plugins.cache_clear()
        return info

    registry.plugins.cache_clear()
    yield install
    registry.plugins.cache_clear()
    for name in [n for n in sys.modules if n.startswith(("alpha", "beta"))]:
        del sys.modules[name]


def uninstall(info):
    for file in info.iterdir():
        file.unlink()
    info.rmdir()
    registry.plugins.cache_clear()


@pytest.fixture
def train(npgpt, text_file, tmp_path):
    def train(*args, code=0):
        out = tmp_path / "run"
        result = npgpt("train", "--data", text_file, "--out", out, *SMALL, *args)
        assert result.exit_code == code, result.output
        return out if code == 0 else result.output

    return train


def test_two_strangers_with_one_name(install, train):
    install("alpha-pkg")
    install("beta-pkg")
    message = train("--tokenizer", "same", code=2)
    assert "use one of alpha-pkg/same, beta-pkg/same" in message
    assert message.count("\n") == 1
    run = Run.open(train("--tokenizer", "beta-pkg/same"))
    assert run.record.parts["tokenizer"].distribution == "beta-pkg"
    assert type(run.tokenizer()).__module__ == "beta_pkg.tokenizer"


def test_a_stranger_shadowing_adam_is_reported_and_the_houses_stays(install, npgpt, train):
    install("alpha-pkg", "optimizer", "adam")
    assert (
        "adam' stays that of npgpt-optim, this one is 'alpha-pkg/adam'" in npgpt("plugins").output
    )
    run = train()
    assert Run.open(run).record.parts["optimizer"].distribution == "npgpt-optim"
    assert registry.load("optimizer", "alpha-pkg/adam").__module__ == "alpha_pkg.optimizer"


def test_the_record_names_every_part_and_where_it_came_from(install, train):
    install("alpha-pkg", version="2.3")
    parts = json.loads((train("--tokenizer", "same") / "run.json").read_text())["parts"]
    assert set(parts) == {"tokenizer", "model", "optimizer", "schedule"}
    assert parts["tokenizer"] == {"name": "same", "distribution": "alpha-pkg", "version": "2.3"}
    assert parts["model"]["distribution"] == "npgpt-models"


def test_a_registered_dataset_is_a_part_too(install, npgpt, tmp_path):
    info = install("alpha-pkg", "dataset", "sums")
    out = tmp_path / "run"
    assert npgpt("train", "--data", "sums", "--out", out, *SMALL).exit_code == 0
    assert Run.open(out).record.parts["dataset"].distribution == "alpha-pkg"
    uninstall(info)
    result = npgpt("train", "--resume", "--out", out, "--max-iters", "3")
    assert "pip install alpha-pkg==1.0" in result.output


def test_a_missing_part_says_what_to_install_at_which_version(install, npgpt, train):
    info = install("alpha-pkg", version="2.3")
    run = train("--tokenizer", "same")
    uninstall(info)
    result = npgpt("generate", run)
    assert result.exit_code == 2
    assert result.output == (
        f"Error: {run} was made with tokenizer 'same' of alpha-pkg 2.3, which is not installed:"
        " pip install alpha-pkg==2.3\n"
    )
    assert npgpt("plot", run).exit_code == 0  # it needs no tokenizer


def test_another_packages_part_of_the_same_name_does_not_stand_in(install, npgpt, train):
    info = install("alpha-pkg")
    run = train("--tokenizer", "same")
    uninstall(info)
    install("beta-pkg")
    assert "pip install alpha-pkg==1.0" in npgpt("generate", run).output


def test_a_part_of_a_disabled_plugin_says_so(install, train, monkeypatch):
    install("alpha-pkg")
    run = train("--tokenizer", "same")
    registry.plugins.cache_clear()
    monkeypatch.setenv("NPGPT_DISABLE_PLUGINS", "alpha-pkg")
    with pytest.raises(PluginError, match=r"1.0 is disabled \(named in NPGPT_DISABLE_PLUGINS\)"):
        load_run(run)


def test_a_name_that_became_ambiguous_still_finds_the_part(install, npgpt, train):
    install("alpha-pkg")
    run = train("--tokenizer", "same")
    install("beta-pkg")
    assert type(Run.open(run).tokenizer()).__module__ == "alpha_pkg.tokenizer"
    assert npgpt("train", "--resume", "--out", run, "--max-iters", "3").exit_code == 0
    assert npgpt("generate", run, "--max-new-tokens", "3").exit_code == 0
    assert npgpt("tokenize", run, "To").output.split() == ["84", "111"]
    assert npgpt("tokenize", run / "tokenizer.json", "To").output.split() == ["84", "111"]


@pytest.mark.filterwarnings("default::npgpt_core.errors.NpgptWarning")
def test_another_version_warns_once(install, npgpt, train):
    info = install("alpha-pkg", version="1.0")
    run = train("--tokenizer", "same")
    uninstall(info)
    install("alpha-pkg", version="1.1")
    text = f"{run} was made with alpha-pkg 1.0 (now 1.1): what it computes may differ in its bits"
    for command in (["generate", run, "--max-new-tokens", "3"], ["evaluate", run]):
        result = npgpt(*command)
        assert result.exit_code == 0
        assert result.output.splitlines().count(f"Warning: {text}") == 1
    opened = Run.open(run)
    with pytest.warns(NpgptWarning) as caught:
        opened.tokenizer()
    assert [str(warning.message) for warning in caught] == [text]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        opened.tokenizer()
