"""Finding parts: whatever a plugin does wrong is its own affair, and no name changes hands."""

import re
import sys
import zipfile
from importlib import metadata

import pytest

from npgpt_core import registry
from npgpt_core.errors import PluginError
from npgpt_core.plugins.entry_points import entry_points, normalized
from npgpt_core.plugins.kinds import KINDS
from npgpt_core.plugins.origin import origin

DATASET = """
class D:
    def __init__(self, *, size=1):
        self.size = size

    def texts(self):
        yield "x"
"""
HEAD = "from npgpt_core import hookimpl\n@hookimpl\n"


def bringing(package, *names, kind="dataset", target="part:D"):
    """Source of a plugin module."""
    parts = dict.fromkeys(names, f"{package}.{target}")
    return f"{HEAD}def npgpt_{kind}s():\n    return {parts!r}\n"


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put a distribution with a plugin on sys.path; ``registry`` sees it from then on."""
    monkeypatch.setenv("NPGPT_LOAD_PLUGINS", "")  # nothing that happens to be installed here
    monkeypatch.delenv("NPGPT_LOAD_PLUGINS")
    monkeypatch.syspath_prepend(tmp_path)
    registry.plugins.cache_clear()

    def install(
        distribution, source=None, *, version="1.0", package=None, points=None, folder=tmp_path
    ):
        package = package or re.sub(r"\W", "_", distribution).lower()
        (folder / package).mkdir(parents=True, exist_ok=True)
        source = bringing(package, distribution) if source is None else source
        for name, text in {"__init__": "", "_plugin": source, "part": DATASET}.items():
            (folder / package / f"{name}.py").write_text(text, "utf-8")
        info = folder / f"{re.sub(r'[-_.]+', '_', distribution)}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Name: {distribution}\nVersion: {version}\n")
        points = points or f"[npgpt]\nentry-{package} = {package}._plugin\n"
        (info / "entry_points.txt").write_bytes(
            points if isinstance(points, bytes) else points.encode()
        )
        registry.plugins.cache_clear()

    yield install
    registry.plugins.cache_clear()
    for name in [name for name, module in sys.modules.items() if _below(module, tmp_path)]:
        del sys.modules[name]


def _below(module, folder):
    return str(getattr(module, "__file__", None) or "").startswith(str(folder))


def plugin(distribution):
    (found,) = [p for p in registry.plugins() if p.distribution == distribution]
    return found


# -------------------------------------------------------------------- broken plugins

BROKEN = {
    "missing-import": ("import no_such_module", "ModuleNotFoundError: No module named"),
    "exits": ("raise SystemExit(3)", "SystemExit: 3"),
    "raises-anything": ("class Odd(BaseException): pass\nraise Odd('odd')", "Odd: odd"),
    "unprintable": (
        "class Odd(Exception):\n    def __str__(self): 1 / 0\nraise Odd",
        "its message cannot be shown",
    ),
    "syntax": ("def", "SyntaxError"),
    "raising-hook": (f"{HEAD}def npgpt_models():\n    return {{}}['x']", "KeyError: 'x'"),
    "exiting-hook": (f"{HEAD}def npgpt_models():\n    raise SystemExit", "SystemExit"),
    "misspelled": (
        f"{HEAD}def npgpt_tokenisers(): return {{}}",
        r"npgpt_tokenisers is no hook \(did you mean npgpt_tokenizers\?\)",
    ),
    "misspelled-specname": (
        "from npgpt_core import hookimpl\n@hookimpl(specname='npgpt_token')\ndef f(): return {}",
        "npgpt_token is no hook",
    ),
    "unmarked": ("def npgpt_models(): return {}", "npgpt_models is not marked with @hookimpl"),
    "extra-argument": (
        f"{HEAD}def npgpt_models(config): return {{}}",
        "npgpt_models asks for config, and hooks take no arguments",
    ),
    "async": (f"{HEAD}async def npgpt_models(): return {{}}", "npgpt_models is async"),
    "list": (f"{HEAD}def npgpt_models(): return ['x']", r"gave \['x'\], expected a mapping"),
    "coordinates": (f"{HEAD}def npgpt_models(): return {{'x': 'module'}}", "package.module:attr"),
    "class-not-name": (f"{HEAD}def npgpt_models(): return {{'x': dict}}", "package.module:attr"),
    "slash": (f"{HEAD}def npgpt_models(): return {{'a/b': 'c:d'}}", "gave the name 'a/b'"),
    "newer": ("NPGPT_PLUGIN_API = 3", "plugin contract 3.*supports 2: upgrade npgpt-core"),
    "older": (
        f"NPGPT_PLUGIN_API = 1\n{HEAD}def npgpt_tokenizers(): return {{}}",
        r"contract 1, .* supports 2\. docs/PLUGINS.md .*: a tokenizer has state\(\) and from_state",
    ),
    "odd-contract": ("NPGPT_PLUGIN_API = '1'", "NPGPT_PLUGIN_API is '1', expected 2"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_has_its_reason_and_harms_no_other(install, name):
    source, reason = BROKEN[name]
    install(f"broken-{name}", source)
    install("healthy")
    broken = plugin(f"broken-{name}")
    assert (broken.status, broken.provides) == ("failed", ())
    assert re.search(reason, broken.reason)
    assert "\n" not in broken.reason
    assert plugin("healthy").status == "ok"
    assert list(registry.create("dataset", "healthy").texts()) == ["x"]


def test_all_of_them_at_once(install):
    for name, (source, _) in BROKEN.items():
        install(f"broken-{name}", source)
    install("healthy")
    failed = [p for p in registry.plugins() if p.status == "failed"]
    assert len(failed) == len(BROKEN)
    assert registry.load("dataset", "healthy")


def test_a_keyboard_interrupt_is_the_users(install):
    install("interrupted", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        registry.plugins()


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        ("[npgpt]\nno equals sign\n", "malformed: 'no equals sign'"),
        ("[npgpt]\nx = not a module!\n", "malformed"),
        (b"[npgpt]\nx = caf\xe9\n", "malformed: 'utf-8' codec"),
        ("[npgpt]\nx = broken_file._plugin:nothing\n", "AttributeError"),
    ],
)
def test_a_malformed_entry_points_file_is_one_plugins_failure(install, points, reason):
    install("broken-file", points=points)
    install("healthy")
    assert reason in plugin("broken-file").reason
    assert plugin("healthy").status == "ok"


def test_what_a_plugin_prints_is_not_our_output(install, capsys):
    install("chatty", "print('hello')\n" + bringing("chatty", "chatty"))
    assert plugin("chatty").status == "ok"
    assert capsys.readouterr() == ("", "hello\n")


def test_a_hook_for_later_may_be_optional(install):
    head = "from npgpt_core import hookimpl\n@hookimpl(optionalhook=True)\n"
    install("early", f"{head}def npgpt_layers(): return {{}}\n{bringing('early', 'early')}")
    assert plugin("early").status == "ok"


def test_a_plugin_may_be_an_object_in_a_module(install):
    source = (
        "from npgpt_core import hookimpl\nclass P:\n    @hookimpl\n"
        "    def npgpt_datasets(self): return {'o': 'objects.part:D'}\np = P()"
    )
    install("objects", source, points="[npgpt]\nobjects = objects._plugin:p\n")
    assert registry.load("dataset", "o").__name__ == "D"


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("nowhere:D", "does not import: ModuleNotFoundError"),
        ("part:E", "does not import: AttributeError"),
        ("exit:D", "does not import: SystemExit"),
        ("part:D.texts", "lacks texts of npgpt_core.protocols.Dataset"),
    ],
)
def test_a_target_that_does_not_hold_shows_when_it_is_used(install, tmp_path, target, message):
    install("hollow", bringing("hollow", "hollow", target=target))
    (tmp_path / "hollow/exit.py").write_text("raise SystemExit")
    assert plugin("hollow").status == "ok"
    with pytest.raises(PluginError, match=f"dataset hollow/hollow .*{message}"):
        registry.load("dataset", "hollow")


@pytest.mark.parametrize(
    ("target", "lacking"),
    [
        ("LooksLikeOne", "the base class npgpt_core.Module"),
        ("make", "the base class npgpt_core.Module, Config, forward, backward"),
        ("WithoutConfig", "Config"),
        ("WithoutBackward", "backward"),
    ],
)
def test_a_model_must_be_a_module_with_a_config_and_both_passes(install, tmp_path, target, lacking):
    install("shapes", bringing("shapes", "it", kind="model", target=f"models:{target}"))
    (tmp_path / "shapes/models.py").write_text(
        "from npgpt_core import Module\n"
        "def make(config, *, rng): pass\n"
        "class WithoutConfig(Module):\n"
        "    def forward(self, ids): pass\n"
        "    def backward(self, dlogits): pass\n"
        "class WithoutBackward(Module):\n"
        "    Config = dict\n"
        "    def forward(self, ids): pass\n"
        "class LooksLikeOne:\n"
        "    Config = dict\n"
        "    forward, backward = WithoutConfig.forward, WithoutConfig.backward\n"
    )
    with pytest.raises(PluginError) as refused:
        registry.load("model", "it")
    assert f" lacks {lacking} of npgpt_core.protocols.Model. " in str(refused.value)


@pytest.mark.parametrize("kind", ["schedule", "observer"])
def test_what_is_called_must_have_instances_that_can_be(install, tmp_path, kind):
    install("mute", bringing("mute", "mute", kind=kind, target="part:Mute"))
    (tmp_path / "mute/part.py").write_text(
        "class Mute:\n    pass\nclass Speaks:\n    def __call__(self, x): pass\n"
        "class SpeaksToo(Speaks):\n    pass\n"
    )
    with pytest.raises(PluginError, match="lacks __call__ of npgpt_core"):
        registry.load(kind, "mute")
    install("loud", bringing("mute", "loud", kind=kind, target="part:SpeaksToo"))
    assert registry.load(kind, "loud")


# -------------------------------------------------------------------- contract 1


def test_a_plugin_of_contract_1_is_told_what_changed_for_each_kind_that_it_brings(install):
    hooks = "@hookimpl\ndef npgpt_models(): return {}\n@hookimpl(specname='npgpt_tokenizers')\n"
    stated = "NPGPT_PLUGIN_API = 1\nfrom npgpt_core import hookimpl\n"
    install("old", f"{stated}{hooks}def words(): return {{}}\n")
    reason = plugin("old").reason
    assert 'docs/PLUGINS.md says how to change it ("From contract 1 to 2"): ' in reason
    assert KINDS["tokenizer"].changed in reason
    assert reason.endswith(f"; {KINDS['model'].changed}")


def test_a_plugin_of_contract_1_might_have_had_but_parts_of_its_kinds(install):
    install("old", f"NPGPT_PLUGIN_API = 1\n{bringing('old', 'words', kind='tokenizer')}")
    with pytest.raises(PluginError, match="which might have had it, has failed"):
        registry.load("tokenizer", "words")
    with pytest.raises(PluginError, match=r"^unknown model 'words'((?!might).)*$"):
        registry.load("model", "words")


def test_a_plugin_of_contract_1_that_brings_what_did_not_change_goes_on(install):
    install("old", f"NPGPT_PLUGIN_API = 1\n{bringing('old', 'old')}")
    assert plugin("old").status == "ok"
    assert list(registry.create("dataset", "old").texts()) == ["x"]


def test_a_tokenizer_of_contract_1_that_states_none_is_told_what_changed(install, tmp_path):
    install("old", bringing("old", "words", kind="tokenizer", target="words:Words"))
    members = "".join(
        f"    {name} = None\n" for name in ("train", "encode", "decode", "save", "load")
    )
    (tmp_path / "old/words.py").write_text(f"class Words:\n{members}")
    with pytest.raises(
        PluginError, match=r"lacks state, from_state of npgpt_core.protocols.To"
    ) as e:
        registry.load("tokenizer", "words")
    assert "Was it written for contract 1? docs/PLUGINS.md says" in str(e.value)
    assert str(e.value).endswith(KINDS["tokenizer"].changed)


def test_a_part_of_contract_2_is_not_asked_whether_it_is_of_1(install, tmp_path):
    stated = bringing("new", "it", kind="model", target="models:It")
    install("new", f"NPGPT_PLUGIN_API = 2\n{stated}")
    (tmp_path / "new/models.py").write_text("class It: Config = forward = backward = dict")
    with pytest.raises(PluginError, match=r"lacks the base class .* of \S*\.Model$"):
        registry.load("model", "it")


def test_what_npgpt_has_no_more_is_told_so(install, tmp_path):
    install("old", bringing("old", "words", kind="tokenizer", target="words:Words"))
    (tmp_path / "old/words.py").write_text("from npgpt_core.protocols import SPECIAL_TOKENS")
    with pytest.raises(PluginError, match=r"does not import: .* Was it written for contract 1\?"):
        registry.load("tokenizer", "words")


# -------------------------------------------------------------------- names


def test_between_two_strangers_the_bare_name_is_an_error(install):
    install("one", bringing("one", "same"))
    install("two", bringing("two", "same"))
    with pytest.raises(PluginError, match=r"ambiguous.* use one of one/same, two/same"):
        registry.find("dataset", "same")
    assert registry.find("dataset", "two/same").distribution == "two"
    assert {"one/same", "two/same"} <= set(registry.names("dataset"))
    assert plugin("one").status == "ambiguous"
    assert plugin("one").reason == "dataset 'same' is brought by two too, this one is 'one/same'"


def test_the_houses_name_stays_its_own(install):
    install("npgpt-optim", bringing("house_optim", "adam"), package="house_optim", version="9.9")
    install("Cuckoo", bringing("cuckoo", "adam", "egg"))
    assert registry.find("dataset", "adam").distribution == "npgpt-optim"
    assert registry.find("dataset", "Cuckoo/adam").distribution == "cuckoo"
    assert plugin("cuckoo").status == "shadowed"
    assert "'adam' stays that of npgpt-optim" in plugin("cuckoo").reason
    assert registry.find("dataset", "egg").distribution == "cuckoo"
    house = [plugin.is_own for plugin in registry.plugins()]
    assert house == sorted(house, reverse=True)  # npgpt's own come first
    assert "cuckoo/adam" in registry.names("dataset")


def test_distributions_are_named_as_pip_normalizes_them(install):
    install("My_Nice.Plugin", bringing("my_nice_plugin", "nice"))
    assert registry.find("dataset", "nice").distribution == "my-nice-plugin"
    assert registry.find("dataset", "MY.nice-PLUGIN/nice").name == "nice"


def test_a_name_is_a_parts_or_begins_with_a_plugin_that_was_found(install):
    install("one", bringing("one", "same"))
    install("two", bringing("two", "same"))
    install("Bro_ken", "import no_such_module")
    for name in ("same", "one/same", "TWO/same", "one/other", "bro-ken/lost"):
        assert registry.has("dataset", name)
    for name in ("other", "./same", "three/same", "", "one/same/more"):
        assert not registry.has("dataset", name)


def test_one_distribution_may_have_several_entry_points(install, tmp_path):
    points = "[npgpt]\na = several._plugin\nb = several.other\nc = several.again\n"
    install("several", bringing("several", "first"), points=points)
    (tmp_path / "several/other.py").write_text(bringing("several", "second"))
    (tmp_path / "several/again.py").write_text(bringing("several", "first"))
    found = [p for p in registry.plugins() if p.distribution == "several"]
    assert [(p.name, p.status) for p in found] == [("a", "ok"), ("b", "ok"), ("c", "failed")]
    assert "by the entry point 'a' of the same distribution already" in found[2].reason
    assert {"first", "second"} <= set(registry.names("dataset"))


def test_of_a_distribution_that_is_there_twice_the_first_on_the_path_counts(install, tmp_path):
    install("twice", version="2.0")
    install("Twice", bringing("twice", "old"), version="1.0", folder=tmp_path / "behind")
    sys.path.append(str(tmp_path / "behind"))  # restored with monkeypatch.syspath_prepend
    assert plugin("twice").version == "2.0"
    assert "old" not in registry.names("dataset")


def test_an_unknown_name_says_which_there_are_and_what_might_have_had_it(install):
    install("healthy")
    install("broken", "import no_such_module", version="3.1")
    with pytest.raises(PluginError) as error:
        registry.load("dataset", "heathly")
    assert "unknown dataset 'heathly', did you mean healthy?" in str(error.value)
    assert "Plugin entry-broken (broken 3.1), which might have had it, has failed" in str(
        error.value
    )
    assert "pip install --upgrade broken" in str(error.value)


def test_an_unknown_name_says_how_to_install_the_package_that_has_npgpts_own(install, monkeypatch):
    install("healthy")
    kind = registry.KINDS["dataset"]._replace(home="npgpt-data")
    monkeypatch.setitem(registry.KINDS, "dataset", kind)
    monkeypatch.setattr(registry, "OWN_DISTRIBUTIONS", {"npgpt-data"})
    with pytest.raises(PluginError) as error:
        registry.load("dataset", "heathly")
    line = "To install npgpt's own: pip install ./packages/npgpt-data in a checkout of npgpt."
    assert line in str(error.value)


def test_npgpts_own_are_installed_from_a_checkout_and_others_by_name():
    own = "pip install ./packages/npgpt-optim in a checkout of npgpt 0.1.0"
    assert registry.how_to_install("npgpt-optim", "0.1.0") == own
    assert registry.how_to_install("npgpt-lion", "1.2") == "pip install npgpt-lion==1.2"
    assert registry.how_to_install("x; y", "1") == "pip install 'x; y==1'"
    assert registry.how_to_install("npgpt-lion") == "pip install npgpt-lion"


def test_an_unknown_kind_says_which_there_are():
    with pytest.raises(PluginError, match="expected one of tokenizer, optimizer, schedule, model"):
        registry.names("tokenizers")


def test_options_are_checked_by_name(install):
    install("healthy")
    assert registry.create("dataset", "healthy", size=3).size == 3
    assert registry.option_names(registry.load("dataset", "healthy")) == ["size"]
    with pytest.raises(PluginError, match="has no option 'siez'; it takes size"):
        registry.create("dataset", "healthy", siez=3)


# -------------------------------------------------------------------- environment variables


def test_disabled_plugins_are_not_imported(install, monkeypatch):
    install("healthy")
    install("exits", "raise SystemExit")
    monkeypatch.setenv("NPGPT_DISABLE_PLUGINS", "Entry.Healthy, exits")
    assert {plugin(d).status for d in ("healthy", "exits")} == {"disabled"}
    assert "exits._plugin" not in sys.modules
    with pytest.raises(PluginError, match="is disabled: named in NPGPT_DISABLE_PLUGINS"):
        registry.load("dataset", "healthy")


VALUES = {"": [], "two": ["two"], "two,one": ["one", "two"]}


@pytest.mark.parametrize(("value", "enabled"), VALUES.items())
def test_only_these_third_parties_are_loaded(install, monkeypatch, value, enabled):
    install("npgpt-optim", bringing("house_optim", "adam"), package="house_optim", version="9.9")
    install("one")
    install("two")
    monkeypatch.setenv("NPGPT_LOAD_PLUGINS", value)
    assert [d for d in ("one", "two") if plugin(d).status == "ok"] == enabled
    assert registry.find("dataset", "adam").distribution == "npgpt-optim"


@pytest.mark.parametrize("trouble", ["failed", "ambiguous"])
def test_strict_raises(install, monkeypatch, trouble):
    install("one", "raise ValueError('why')" if trouble == "failed" else bringing("one", "same"))
    install("two", bringing("two", "same"))
    monkeypatch.setenv("NPGPT_PLUGIN_STRICT", "0")
    assert plugin("one").status == trouble
    registry.plugins.cache_clear()
    monkeypatch.setenv("NPGPT_PLUGIN_STRICT", "1")
    with pytest.raises(PluginError, match=rf"plugin 'entry-one' \(one 1.0\) is {trouble}: "):
        registry.plugins()


# -------------------------------------------------------------------- reading entry points


@pytest.mark.parametrize("group", ["npgpt", "console_scripts", "pytest11"])
def test_entry_points_are_those_of_importlib_metadata(group):
    ours = {(p.distribution, p.version, p.name, p.value) for p in entry_points(group)}
    theirs = {
        (normalized(p.dist.name), p.dist.version, p.name, p.value.partition(" [")[0])
        for p in metadata.entry_points(group=group)
    }
    assert theirs == ours


def test_entry_points_of_an_egg_info_folder(install, tmp_path):
    info = tmp_path / "old_style.egg-info"
    info.mkdir()
    (info / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: old-style\nVersion: 0.3\n")
    (info / "entry_points.txt").write_text("[npgpt]\nold = old_style._plugin\n")
    assert (plugin("old-style").version, plugin("old-style").status) == ("0.3", "failed")


def test_a_plugin_may_be_in_a_zip_file(install, tmp_path, monkeypatch):
    path = tmp_path / "zipped.whl"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("zipped/__init__.py", "")
        file.writestr("zipped/_plugin.py", bringing("zipped", "zipped"))
        file.writestr("zipped/part.py", DATASET)
        file.writestr("zipped-1.0.dist-info/METADATA", "Name: Zipped\nVersion: 1.0\n")
        file.writestr("zipped-1.0.dist-info/entry_points.txt", "[npgpt]\nz = zipped._plugin\n")
    monkeypatch.syspath_prepend(path)
    assert plugin("zipped").status == "ok"
    assert registry.load("dataset", "zipped")


# ---------------------------------------------------------------- what raises in use


RAISING = """
class D:
    def __init__(self, *, size=1):
        self.size = size

    def texts(self):
        yield "x"
        yield helper(self.size)


def helper(size):
    return int("no" * size)
"""


@pytest.fixture
def raising(install, tmp_path):
    install("raiser", bringing("raiser", "first", "second"))
    (tmp_path / "raiser" / "part.py").write_text(RAISING)


def _error_of(work):
    with pytest.raises(ValueError, match=r".") as error:
        work()
    return error.value


def test_an_error_in_use_is_told_by_the_part_and_its_distribution(raising):
    dataset = registry.create("dataset", "first")
    error = _error_of(lambda: list(dataset.texts()))
    assert origin(error) == "dataset 'first' of raiser 1.0"


def test_the_part_whose_code_raised_is_told_and_no_other(install, tmp_path):
    parts = {name: f"raiser.part:{target}" for name, target in [("first", "E"), ("second", "D")]}
    source = f"{HEAD}def npgpt_datasets():\n    return {parts!r}\n"
    install("raiser", source)
    (tmp_path / "raiser" / "other.py").write_text("def work():\n    int('no')\n")
    path = tmp_path / "raiser" / "part.py"
    path.write_text(
        RAISING.split("def helper")[0].replace("helper(", "int('no' * ") + "class E: ...\n"
    )
    error = _error_of(lambda: list(registry.create("dataset", "second").texts()))
    assert origin(error) == "dataset 'second' of raiser 1.0"
    from raiser.other import work

    assert origin(_error_of(work)) == "raiser 1.0"  # which part called it cannot be told


def test_a_part_that_stands_beside_the_code_that_raised_is_not_told_in_its_place(install, tmp_path):
    parts = {"first": "raiser.part:D", "second": "raiser.other:E"}
    install("raiser", f"{HEAD}def npgpt_datasets():\n    return {parts!r}\n")
    (tmp_path / "raiser" / "part.py").write_text(f"def helper():\n    int('no')\n{DATASET}")
    (tmp_path / "raiser" / "other.py").write_text(
        "from raiser.part import helper\nclass Config:\n    def __init__(self): helper()\n"
        "class E:\n    def texts(self): helper()\n"
    )
    second = registry.create("dataset", "second")
    assert origin(_error_of(second.texts)) == "dataset 'second' of raiser 1.0"
    from raiser.other import Config

    assert origin(_error_of(Config)) == "raiser 1.0"


def test_what_a_part_refuses_in_several_lines_is_told_in_one(install, tmp_path):
    install("raiser")
    path = tmp_path / "raiser" / "part.py"
    path.write_text(DATASET.replace("self.size = size", "raise ValueError('no\\n  such\\n')"))
    with pytest.raises(PluginError, match=r"^dataset 'raiser' .* refuses .*: no such$"):
        registry.create("dataset", "raiser")


def test_an_error_elsewhere_is_of_no_plugin(raising):
    assert origin(_error_of(lambda: int("no"))) is None


def test_an_option_that_a_part_refuses_names_its_distribution(raising):
    with pytest.raises(PluginError, match=r"dataset 'first' of raiser 1\.0 has no option 'sise'"):
        registry.create("dataset", "first", sise=3)
