"""What goes wrong when layers become a GPT."""

from npgpt_learn import Mistake

ATTENTION = "z, a = zip(*map(attention.attention, q, k, v))"
DZ = "dz = heads.merge_backward(dy[b], self.n_head)"
HEADS = "dq, dk, dv = zip(*map(attention.attention_backward, dz, q, k, v, a))"
FEEDFORWARD = "y = self.proj(self.gelu(self.expand(x)))"
FEEDFORWARD_BACK = "dx = self.expand.backward(self.gelu.backward(self.proj.backward(dy)))"
X = "x = self.token_embedding(ids) + self.position_embedding(np.arange(n_positions))"
LOGITS = "logits = self.head(self.ln_f(x))"
POSITION = "self.position_embedding.backward(dx.sum(axis=0))"
TOKEN = "self.token_embedding.backward(dx)"

MISTAKES = [
    Mistake(
        ATTENTION,
        "z, a = zip(*map(attention.attention, k, q, v))",
        "Queries and keys have changed places: attention(q, k, v).",
    ),
    Mistake(
        HEADS,
        "dk, dq, dv = zip(*map(attention.attention_backward, dz, q, k, v, a))",
        "dq and dk have changed places: attention_backward returns dq, dk, dv.",
    ),
    Mistake(
        DZ,
        "dz = heads.split(dy[0], self.n_head)",
        "Every row of the batch gets the gradient of the first: dy[b] belongs to row b.",
    ),
    Mistake(
        DZ,
        "dz = dy[b].reshape(self.n_head, -1, dy.shape[-1] // self.n_head)",
        "The gradient is cut into heads by reshape alone, which mixes tokens. Use what you wrote in"
        " exercise 10: merge_backward.",
    ),
    Mistake(
        FEEDFORWARD,
        "y = self.proj(self.expand(x))",
        "The feed-forward network lacks its GELU: two linear layers in a row are only one.",
    ),
    Mistake(
        FEEDFORWARD_BACK,
        "dx = self.expand.backward(self.proj.backward(dy))",
        "The gradient goes past the GELU. Every layer of forward has its turn in backward, in the"
        " opposite order.",
    ),
    Mistake(
        X,
        "x = self.token_embedding(ids)",
        "There are no positions: without them the model cannot tell in which order the tokens"
        " came.",
    ),
    Mistake(
        X,
        "x = self.token_embedding(ids) + self.position_embedding(ids % self.config.block_size)",
        "The positions are made of the ids. Token t stands at position t, whatever it is:"
        " np.arange(n_positions).",
    ),
    Mistake(
        LOGITS,
        "logits = self.head(x)",
        "ln_f is left out: what all blocks have added up is normalized before the head reads it.",
    ),
    Mistake(
        "for layer in reversed(self.blocks):",
        "for layer in self.blocks:",
        "Backward goes through the blocks from the first to the last. The last one has the gradient"
        " first: reversed(self.blocks).",
    ),
    Mistake(
        "dx = self.ln_f.backward(self.head.backward(dlogits))",
        "dx = self.head.backward(dlogits)",
        "The gradient goes past ln_f, which stands between the last block and the head: first the"
        " backward of the head, then that of ln_f.",
    ),
    Mistake(
        f"{POSITION}\n",
        "pass\n",
        "The vectors of positions get no gradient: x is the sum of two embeddings, and dx goes to"
        " both.",
    ),
    Mistake(
        POSITION,
        "self.position_embedding.backward(dx)",
        "The vectors of positions are used by every row of the batch, so their gradient is the sum"
        " over the batch: dx.sum(axis=0).",
    ),
    Mistake(
        POSITION,
        "self.position_embedding.backward(dx.mean(axis=0))",
        "The gradient of the positions is a mean over the batch. Ways are added, not averaged:"
        " dx.sum(axis=0).",
    ),
    Mistake(
        POSITION,
        "self.position_embedding.backward(dx[0])",
        "The positions get the gradient of the first row only. All rows of the batch use them: sum"
        " over the batch.",
    ),
    Mistake(
        TOKEN,
        "pass",
        "The vectors of tokens get no gradient, so they stay as they began. x is a sum of two"
        " embeddings: dx goes to both.",
    ),
]
