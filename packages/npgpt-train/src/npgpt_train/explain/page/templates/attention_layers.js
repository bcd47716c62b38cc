// Attention, where tokens see each other. Heads are (heads, T, D), those of q first, then k, then v.

/** (T, heads·D) -> (heads, T, D). */
function splitHeads(x, heads) {
  const d = x.cols / heads;
  const y = tensor([heads, x.rows, d]);
  for (let n = 0; n < y.rows; n++) {
    const [h, t] = [Math.floor(n / x.rows), n % x.rows];
    row(y, n).set(row(x, t).subarray(h * d, (h + 1) * d));
  }
  return y;
}

/** (heads, T, D) -> (T, heads·D). */
function mergeHeads(x) {
  const [heads, length, d] = x.shape;
  const y = tensor([length, heads * d]);
  for (let n = 0; n < x.rows; n++) row(y, n % length).set(row(x, n), Math.floor(n / length) * d);
  return y;
}

/** The heads from start to end of (heads, T, D): a view. */
function someHeads(x, start, end) {
  const size = x.shape[1] * x.cols;
  return tensor([end - start, ...x.shape.slice(1)], x.data.subarray(start * size, end * size));
}

function joinHeads(...parts) {
  const heads = parts.reduce((sum, part) => sum + part.shape[0], 0);
  return tensor([heads, ...parts[0].shape.slice(1)], Float64Array.from(parts.flatMap((part) => [...part.data])));
}

/** y = softmax(q kᵀ / √D + M) v of every head; a is the softmax (H, T, T). */
function attend(m, p) {
  const [heads, length, d] = p.q.shape;
  const group = heads / p.k.shape[0];
  const y = like(p.q);
  p.a = tensor([heads, length, length]);
  for (let n = 0; n < p.q.rows; n++) {
    const [h, t] = [Math.floor(n / length), n % length];
    const first = Math.floor(h / group) * length; // row of the head's first key
    const scores = Float64Array.from({ length: t + 1 }, (_, s) => dot(row(p.q, n), row(p.k, first + s)));
    row(p.a, n).set(softmax(scores.map((score) => score * m.scale)));
    for (let s = 0; s <= t; s++) addRow(row(y, n), row(p.a, n)[s], row(p.v, first + s));
  }
  return y;
}

/** dv = aᵀ dy, ds = a · (da - Σ da a), da = dy vᵀ, dq = ds k / √D, dk = dsᵀ q / √D. */
function attendBackward(m, dy, p) {
  const [heads, length] = p.q.shape;
  const group = heads / p.k.shape[0];
  const [dq, dk, dv] = [like(p.q), like(p.k), like(p.v)];
  p.da = like(p.a);
  p.ds = like(p.a);
  for (let n = 0; n < p.q.rows; n++) {
    const [h, t] = [Math.floor(n / length), n % length];
    const first = Math.floor(h / group) * length;
    const [a, da, ds] = [row(p.a, n), row(p.da, n), row(p.ds, n)];
    for (let s = 0; s <= t; s++) da[s] = dot(row(dy, n), row(p.v, first + s));
    const mean = dot(da, a);
    for (let s = 0; s <= t; s++) {
      ds[s] = a[s] * (da[s] - mean);
      addRow(row(dv, first + s), a[s], row(dy, n));
      addRow(row(dq, n), ds[s] * m.scale, row(p.k, first + s));
      addRow(row(dk, first + s), ds[s] * m.scale, row(p.q, n));
    }
  }
  return [dq, dk, dv];
}

const attention = {
  *forward(m, x, p) {
    const [h, k] = [m.n_head, m.n_kv_head ?? m.n_head];
    const heads = splitHeads(yield* run(m.qkv, x), h + 2 * k);
    let qk = someHeads(heads, 0, h + k);
    if (m.q_norm) {
      qk = joinHeads(yield* run(m.q_norm, someHeads(qk, 0, h)), yield* run(m.k_norm, someHeads(qk, h, h + k)));
    }
    if (m.rotary) qk = yield* run(m.rotary, qk);
    [p.q, p.k, p.v] = [someHeads(qk, 0, h), someHeads(qk, h, h + k), someHeads(heads, h + k, h + 2 * k)];
    return yield* run(m.proj, mergeHeads(attend(m, p)));
  },
  *backward(m, dy, p) {
    const [h, k] = [m.n_head, m.n_kv_head ?? m.n_head];
    const [dq, dk, dv] = attendBackward(m, splitHeads(yield* back(m.proj, dy), h), p);
    let dqk = joinHeads(dq, dk);
    if (m.rotary) dqk = yield* back(m.rotary, dqk);
    if (m.q_norm) {
      dqk = joinHeads(yield* back(m.q_norm, someHeads(dqk, 0, h)), yield* back(m.k_norm, someHeads(dqk, h, h + k)));
    }
    return yield* back(m.qkv, mergeHeads(joinHeads(dqk, dv)));
  },
};

define("npgpt_core.layers.attention.MultiHeadAttention", attention);
define("npgpt_core.layers.grouped_query_attention.GroupedQueryAttention", attention);

/** Channels c and c + D/2 of position t, turned by the angle t θ_c, or back. */
function turned(m, x, direction) {
  const y = like(x), length = x.shape.at(-2), middle = x.cols / 2;
  for (let n = 0; n < x.rows; n++) {
    m.thetas.forEach((theta, c) => {
      const angle = direction * (n % length) * theta;
      const [a, b] = [row(x, n)[c], row(x, n)[c + middle]];
      row(y, n)[c] = a * Math.cos(angle) - b * Math.sin(angle);
      row(y, n)[c + middle] = a * Math.sin(angle) + b * Math.cos(angle);
    });
  }
  return y;
}

define("npgpt_core.layers.rotary.Rotary", {
  forward: (m, x) => turned(m, x, 1),
  backward: (m, dy) => turned(m, dy, -1),
});
