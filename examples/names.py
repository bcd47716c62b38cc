"""A character GPT learns what a name looks like, and makes up new ones: a few seconds."""

import numpy as np

from npgpt_core import CrossEntropy, generate
from npgpt_models import GPT, GPTConfig
from npgpt_optim import AdamW, WarmupCosine, clip_grad_norm
from npgpt_tokenizers import CharTokenizer

NAMES = """
ada adele agnes albert alice alma amelia anna anton arthur astrid august beatrice benjamin bertha
bruno carla carlo cecilia charlotte clara clemens daniel diana dora dorothea edgar edith eleanor
elena eliza ella elsa emil emilia emma erika ernest esther eva felix fiona florence frances frida
gabriel george gerda gloria greta hannah harriet helena henry hilda hugo ida ingrid irene iris
isabel jacob jana jasper johanna jonas josephine judith julia julian karla klara laura lea leo
leonora lina linda lorenz louis louisa lucas lucia lydia magda margaret maria marlene martha martin
matilda max melissa mia miriam mona nadia nathan nina nora olga oliver olivia oscar otto paula
philip regina richard rita robert rosa rosalind ruth sabina samuel sarah silvia simon sofia sonja
stella susanna teresa theodor thomas ursula valentin vera victor victoria viola walter wanda wilma
yvonne zoe
""".split()
BLOCK, STEPS = 16, 300

tokenizer = CharTokenizer()
text = "\n" + "\n".join(NAMES) + "\n"
tokenizer.train([text])
tokens = tokenizer.encode(text)
newline = int(tokenizer.encode("\n")[0])

rng = np.random.default_rng(0)
config = GPTConfig(tokenizer.vocab_size, block_size=BLOCK, n_layer=2, n_head=2, n_embd=32)
model, criterion = GPT(config, rng=rng), CrossEntropy()
optimizer, schedule = AdamW(model), WarmupCosine(lr=5e-3, max_iters=STEPS)
print(f"{model.num_parameters():,} parameters, {len(NAMES)} names")

for step in range(STEPS):
    starts = rng.integers(0, len(tokens) - BLOCK, size=32)
    windows = tokens[starts[:, None] + np.arange(BLOCK + 1)]
    loss = criterion(model(windows[:, :-1]), windows[:, 1:])
    optimizer.zero_grad()
    model.backward(criterion.backward())
    clip_grad_norm(model, 1.0)
    optimizer.lr = schedule(step)
    optimizer.step()
    if step % 100 == 0 or step == STEPS - 1:
        print(f"step {step:3}  loss {loss:.3f}")

made_up = set()
for seed in range(20):
    ids = generate(model, [newline], BLOCK - 1, temperature=0.8, seed=seed, stop_token=newline)
    made_up.add(tokenizer.decode(ids).strip())
print("known:  ", *sorted(made_up & set(NAMES)))
print("made up:", *sorted(made_up - set(NAMES)))
