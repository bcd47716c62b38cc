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
  backward(m, dy, p) {
    p.x.forEach((id, t) => addRow(row(m.dweight, id), 1, row(dy, t))); // dW[ids[n]] += dy[n]
  },
});

define("npgpt_core.layers.dropout.Dropout", {
  forward: (m, x) => x, // as in evaluation mode
  backward: (m, dy) => dy,
});

/** x̂ = (x - mean) / √(var + ε), or without the mean, x / √(mean(x²) + ε). */
function normalize(m, x, p, centred) {
  p.normalized = like(x);
  p.scale = new Float64Array(x.rows);
  for (let n = 0; n < x.rows; n++) {
    const mean = centred ? row(x, n).reduce((a, b) => a + b, 0) / x.cols : 0;
    const numbers = row(x, n).map((value) => value - mean);
    p.scale[n] = 1 / Math.sqrt(dot(numbers, numbers) / x.cols + m.eps);
    addRow(row(p.normalized, n), p.scale[n], numbers);
  }
  return p.normalized;
}

define("npgpt_core.layers.layernorm.LayerNorm", {
  forward: (m, x, p) =>
    map(normalize(m, x, p, true), (value, i) => value * m.gamma.data[i % x.cols] + m.beta.data[i % x.cols]),
  backward(m, dy, p) {
    addRows(m.dgamma, multiply(dy, p.normalized)); // dγ = Σ dy x̂
    addRows(m.dbeta, dy); // dβ = Σ dy
    return normBackward(m, dy, p, true);
  },
});

define("npgpt_core.layers.rmsnorm.RMSNorm", {
  forward: (m, x, p) => map(normalize(m, x, p, false), (value, i) => value * m.gamma.data[i % x.cols]),
  backward(m, dy, p) {
    addRows(m.dgamma, multiply(dy, p.normalized)); // dγ = Σ dy x̂
    return normBackward(m, dy, p, false);
  },
});

/** dx = (dx̂ - mean(dx̂) - x̂ mean(dx̂ x̂)) · scale, dx̂ = dy γ; without mean(dx̂) in RMSNorm. */
function normBackward(m, dy, p, centred) {
  const dx = map(dy, (value, i) => value * m.gamma.data[i % dy.cols]);
  for (let n = 0; n < dx.rows; n++) {
    const gradient = row(dx, n), xHat = row(p.normalized, n);
    const mean = centred ? gradient.reduce((a, b) => a + b, 0) / dx.cols : 0;
    const along = dot(gradient, xHat) / dx.cols;
    gradient.forEach((value, c) => (gradient[c] = (value - mean - xHat[c] * along) * p.scale[n]));
  }
  return dx;
}

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
  forward: (m, x) => run(m.proj, run(m.activation, run(m.expand, x))),
  backward: (m, dy) => back(m.expand, back(m.activation, back(m.proj, dy))),
});

const sigmoid = (x) => 1 / (1 + Math.exp(-x));

define("npgpt_core.layers.swiglu.SwiGLU", {
  forward(m, x, p) {
    p.gate = run(m.gate, x);
    p.up = run(m.up, x);
    p.silu = map(p.gate, (g) => g * sigmoid(g));
    return run(m.down, multiply(p.silu, p.up));
  },
  backward(m, dy, p) {
    const dh = back(m.down, dy);
    const slope = map(p.gate, (g) => sigmoid(g) * (1 + g * (1 - sigmoid(g))));
    const dg = multiply(multiply(dh, p.up), slope);
    return add(back(m.gate, dg), back(m.up, multiply(dh, p.silu)));
  },
});
