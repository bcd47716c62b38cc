// Arrays and the few products that the layers are made of, in float64. Rows are all axes but the last.

function tensor(shape, numbers) {
  const size = shape.reduce((a, b) => a * b, 1);
  const cols = shape.at(-1) ?? 1;
  return { shape, cols, rows: cols ? size / cols : 0, data: numbers ?? new Float64Array(size) };
}

const like = (x) => tensor(x.shape);
const map = (x, f) => tensor(x.shape, x.data.map(f));
const add = (a, b) => map(a, (value, i) => value + b.data[i]);
const multiply = (a, b) => map(a, (value, i) => value * b.data[i]);
const row = (x, n) => x.data.subarray(n * x.cols, (n + 1) * x.cols);

/** x W + b: (N, I) and (I, O) -> (N, O). */
function product(x, w, b) {
  const y = tensor([...x.shape.slice(0, -1), w.cols]);
  for (let n = 0; n < x.rows; n++) {
    if (b) row(y, n).set(b.data);
    let i = 0;
    for (; i + 4 <= x.cols; i += 4) addFour(y.data, n * y.cols, x.data, n * x.cols + i, w.data, i * w.cols, w.cols);
    for (; i < x.cols; i++) addScaled(y.data, n * y.cols, x.data[n * x.cols + i], w.data, i * w.cols, w.cols);
  }
  return y;
}

/** x Wᵀ + b: (N, O) and (I, O) -> (N, I). */
function productTransposed(x, w, b) {
  const y = tensor([...x.shape.slice(0, -1), w.rows]);
  const rows = Array.from({ length: w.rows }, (_, i) => row(w, i));
  for (let n = 0; n < x.rows; n++) {
    const given = row(x, n), made = row(y, n);
    if (b) made.set(b.data);
    if (given.every((value) => value === 0)) continue; // no loss depends on this row
    rows.forEach((each, i) => (made[i] += dot(given, each)));
  }
  return y;
}

/** W += xᵀ y: (N, I) and (N, O) -> (I, O). */
function addOuter(w, x, y) {
  for (let n = 0; n < x.rows; n++) {
    if (row(y, n).every((value) => value === 0)) continue;
    for (let i = 0; i < x.cols; i++) addScaled(w.data, i * w.cols, x.data[n * x.cols + i], y.data, n * y.cols, y.cols);
  }
}

/** Add four scales times four rows of w, as addScaled does one: quicker, because out is read and written once. */
function addFour(out, outStart, scales, at, w, start, cols) {
  const [a, b, c, d] = [scales[at], scales[at + 1], scales[at + 2], scales[at + 3]];
  const [i, j, k, l] = [start, start + cols, start + 2 * cols, start + 3 * cols];
  for (let o = 0; o < cols; o++) out[outStart + o] += a * w[i + o] + b * w[j + o] + c * w[k + o] + d * w[l + o];
}

function addRows(sum, x) {
  for (let n = 0; n < x.rows; n++) addScaled(sum.data, 0, 1, x.data, n * x.cols, x.cols);
}

/** Add scale times the numbers of x, from its place on, to those of out. */
function addScaled(out, outStart, scale, x, start, count) {
  if (scale !== 0) for (let i = 0; i < count; i++) out[outStart + i] += scale * x[start + i];
}

const addRow = (out, scale, x) => addScaled(out, 0, scale, x, 0, x.length);
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

function dot(a, b) {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i] * b[i];
  return total;
}

/** exp(x_i) / Σ_j exp(x_j) of a list. */
function softmax(x) {
  const highest = x.reduce((a, b) => Math.max(a, b), -Infinity);
  const y = Float64Array.from(x).map((value) => Math.exp(value - highest));
  const total = sum(y);
  return y.map((value) => value / total);
}

const norm = (numbers) => Math.sqrt(dot(numbers, numbers));
