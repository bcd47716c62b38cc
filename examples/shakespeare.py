"""Train a GPT on all of Shakespeare and look at it: ``python shakespeare.py [quick]``.

The cells (``# %%``) run one after another in VS Code, Spyder or Jupytext; as a script, all at once.
``quick`` takes a few minutes and begins to sound like Shakespeare; without it, seconds.
"""

# %% Train. Everything about the run is in its folder.
import sys
import tempfile
from pathlib import Path

from npgpt_core import generate
from npgpt_train import PRESETS, load_run, plot_curves, train

preset = next((word for word in sys.argv[1:] if word in PRESETS), "tiny")
folder = Path(tempfile.mkdtemp(prefix="npgpt-"))
run = train(data="shakespeare", tokenizer="char", preset=preset, out=folder / "run")
model, tokenizer, settings, metrics = load_run(run.folder)
print(f"{model.num_parameters():,} parameters in {run.folder}")

# %% What it read: text as ids, and back.
ids = tokenizer.encode("HAMLET:\nTo be,")
print(ids.tolist(), "->", repr(tokenizer.decode(ids)))

# %% How it learned: the loss on text that it was not trained on, and all curves as a picture.
for event in metrics:
    if "val_loss" in event:
        print(f"step {event['step']:5}  validation loss {event['val_loss']:.3f}")
plot_curves(metrics, folder / "curves.png", title="Shakespeare")
print("curves:", folder / "curves.png")

# %% What it believes comes next, before it draws.
logits = model(ids[None, :])[0, -1]
likely = logits.argsort()[::-1][:5]
print("after 'To be,' come most likely", [tokenizer.decode([i]) for i in likely])

# %% What it writes.
print(tokenizer.decode(generate(model, ids, 200, temperature=0.8, top_k=20, seed=1)))
