// The layers of npgpt_core that work on each position alone, forward and backward, as in Python.
// m is a module with its parameters (m.weight, m.dweight) and parts (m.proj); p is its passage, where
// forward may keep what backward needs. Rows of x and y are tokens: there is no axis B.

const KNOWN = {};
const define = (className, methods) => (KNOWN[className] = methods);

define("npgpt_core.layers.linear.Linear", {
  forward: (m, x) => product(x, m.weight, m.bias),
  backward(m, dy, p) {
    addOuter(m.dweight, p.x, dy); // dW = xᵀ dy
    if (m.bias) addRows(m.dbias, dy); // db = Σ dy
    return productTransposed(dy, m.weight); // dx = dy Wᵀ
  },
});

define("npgpt_core.layers.tied_head.TiedHead", {
  forward: (m, x) => productTransposed(x, m.weight, m.bias),
  backward(m, dy, p) {
    addOuter(m.dweight, dy, p.x); // dE = dyᵀ x
    if (m.bias) addRows(m.dbias, dy);
    return product(dy, m.weight); // dx = dy E
  },
});

define("npgpt_core.layers.embedding.Embedding", {
  forward(m, ids) {
    const y = tensor([ids.length, m.weight.cols]);
    ids.forEach((id, t) => row(y, t).set(row(m.weight, id)));
    return y;
  },
  backward: (m, dy, p) => p.x.forEach((id, t) => addRow(row(m.dweight, id), 1, row(dy, t))), // dW[ids[n]] += dy[n]
});

define("npgpt_core.layers.dropout.Dropout", {
  forward: (m, x) => x, // as in evaluation mode
  backward: (m, dy) => dy,
});

/** y = γ x̂ + β, x̂ = (x - mean) / √(var + ε); RMSNorm has neither the mean nor β. */
const norms = (centred) => ({
  forward(m, x, p) {
    const y = like(x);
    [p.normalized, p.scale] = [like(x), new Float64Array(x.rows)];
    for (let n = 0; n < x.rows; n++) {
      const mean = centred ? sum(row(x, n)) / x.cols : 0;
      const numbers = row(x, n).map((value) => value - mean);
      p.scale[n] = 1 / Math.sqrt(dot(numbers, numbers) / x.cols + m.eps);
      addRow(row(p.normalized, n), p.scale[n], numbers);
      row(y, n).set(row(p.normalized, n).map((xHat, c) => xHat * m.gamma.data[c] + (m.beta?.data[c] ?? 0)));
    }
    return y;
  },
  backward(m, dy, p) {
    addRows(m.dgamma, multiply(dy, p.normalized)); // dγ = Σ dy x̂
    if (centred) addRows(m.dbeta, dy); // dβ = Σ dy
    const dx = map(dy, (value, i) => value * m.gamma.data[i % dy.cols]); // dx̂ = dy γ
    for (let n = 0; n < dx.rows; n++) { // dx = (dx̂ - mean(dx̂) - x̂ mean(dx̂ x̂)) / σ
      const gradient = row(dx, n), xHat = row(p.normalized, n);
      const mean = centred ? sum(gradient) / dx.cols : 0, along = dot(gradient, xHat) / dx.cols;
      gradient.forEach((value, c) => (gradient[c] = (value - mean - xHat[c] * along) * p.scale[n]));
    }
    return dx;
  },
});

define("npgpt_core.layers.layernorm.LayerNorm", norms(true));
define("npgpt_core.layers.rmsnorm.RMSNorm", norms(false));

define("npgpt_core.layers.activation.ReLU", {
  forward: (m, x) => map(x, (value) => Math.max(value, 0)),
  backward: (m, dy, p) => map(dy, (value, i) => (p.x.data[i] > 0 ? value : 0)),
});

const GELU_SCALE = Math.sqrt(2 / Math.PI);
const geluTanh = (x) => Math.tanh(GELU_SCALE * (x + 0.044715 * x ** 3));
function geluSlope(x) {
  const t = geluTanh(x);
  return (1 + t) / 2 + (x / 2) * (1 - t * t) * GELU_SCALE * (1 + 3 * 0.044715 * x * x);
}

define("npgpt_core.layers.activation.GELU", {
  forward: (m, x) => map(x, (value) => (value / 2) * (1 + geluTanh(value))),
  backward: (m, dy, p) => map(dy, (value, i) => value * geluSlope(p.x.data[i])),
});

define("npgpt_core.layers.feedforward.FeedForward", {
  forward: (m, x) => through(run, [m.expand, m.activation, m.proj], x),
  backward: (m, dy) => through(back, [m.proj, m.activation, m.expand], dy),
});

const sigmoid = (x) => 1 / (1 + Math.exp(-x));

define("npgpt_core.layers.swiglu.SwiGLU", {
  *forward(m, x, p) {
    p.gate = yield* run(m.gate, x);
    p.up = yield* run(m.up, x);
    p.silu = map(p.gate, (g) => g * sigmoid(g));
    return yield* run(m.down, multiply(p.silu, p.up));
  },
  *backward(m, dy, p) {
    const dh = yield* back(m.down, dy);
    const slope = map(p.gate, (g) => sigmoid(g) * (1 + g * (1 - sigmoid(g))));
    const dg = multiply(multiply(dh, p.up), slope);
    return add(yield* back(m.gate, dg), yield* back(m.up, multiply(dh, p.silu)));
  },
});
