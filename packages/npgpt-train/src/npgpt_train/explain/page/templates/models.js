// The models: how the layers are put together. logits(m, x) reads the residual stream.

/** Branches leave the residual stream and are added to it, one after another; back, a fork is a sum. */
const block = (...branches) => ({
  *forward(m, u) {
    for (const parts of branches) u = add(u, yield* through(run, parts.map((part) => m[part]), u));
    return u;
  },
  *backward(m, du) {
    for (const parts of branches.toReversed()) du = add(du, yield* through(back, parts.toReversed().map((part) => m[part]), du));
    return du;
  },
});

define("npgpt_models.gpt.Block", block(["ln_1", "attn", "drop_1"], ["ln_2", "ff", "drop_2"]));
define("npgpt_models.llama.Block", block(["norm_1", "attn"], ["norm_2", "ff"]));

/** Embeddings, blocks, a norm and a head; a GPT has vectors of positions, too. */
const transformer = (norm) => ({
  *forward(m, ids) {
    let x = yield* run(m.token_embedding, ids);
    if (m.position_embedding) x = yield* run(m.drop, add(x, yield* run(m.position_embedding, ids.map((_, t) => t))));
    return yield* this.logits(m, yield* through(run, m.blocks, x));
  },
  logits: (m, x) => through(run, [m[norm], m.head], x),
  *backward(m, dlogits) {
    let dx = yield* through(back, [m.head, m[norm], ...m.blocks.toReversed()], dlogits);
    if (m.position_embedding) yield* back(m.position_embedding, (dx = yield* back(m.drop, dx)));
    yield* back(m.token_embedding, dx);
  },
});

define("npgpt_models.gpt.GPT", transformer("ln_f"));
define("npgpt_models.llama.Llama", transformer("norm_f"));
