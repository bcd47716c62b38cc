// The models: how the layers are put together. logits(m, x) reads the residual stream.

/** Branches leave the residual stream and are added to it, one after another; back, a fork is a sum. */
const block = (...branches) => ({
  forward: (m, x) => branches.reduce((u, parts) => add(u, parts.reduce((v, part) => run(m[part], v), u)), x),
  backward: (m, dy) =>
    branches.reduceRight((du, parts) => add(du, parts.reduceRight((dv, part) => back(m[part], dv), du)), dy),
});

define("npgpt_models.gpt.Block", block(["ln_1", "attn", "drop_1"], ["ln_2", "ff", "drop_2"]));
define("npgpt_models.llama.Block", block(["norm_1", "attn"], ["norm_2", "ff"]));

/** Embeddings, blocks, a norm and a head; a GPT has vectors of positions, too. */
const transformer = (norm) => ({
  forward(m, ids) {
    let x = run(m.token_embedding, ids);
    if (m.position_embedding) x = run(m.drop, add(x, run(m.position_embedding, ids.map((_, t) => t))));
    return this.logits(m, m.blocks.reduce((stream, part) => run(part, stream), x));
  },
  logits: (m, x) => run(m.head, run(m[norm], x)),
  backward(m, dlogits) {
    let dx = m.blocks.reduceRight((stream, part) => back(part, stream), back(m[norm], back(m.head, dlogits)));
    if (m.position_embedding) back(m.position_embedding, (dx = back(m.drop, dx)));
    back(m.token_embedding, dx);
  },
});

define("npgpt_models.gpt.GPT", transformer("ln_f"));
define("npgpt_models.llama.Llama", transformer("norm_f"));
