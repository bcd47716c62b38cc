// An array as a picture: blue is negative, orange positive, and every cell can be read.

const LABELLED = 48; // rows that have room for labels
const darkScheme = matchMedia("(prefers-color-scheme: dark)");

/** The colours of the numbers from -1 to 1 in steps of 1/255, as the pixels of an image. */
function palette() {
  const [light, dark] = [[[250, 250, 248], [29, 78, 190], [184, 72, 10]], [[24, 28, 34], [96, 165, 250], [251, 146, 60]]];
  const [zero, negative, positive] = darkScheme.matches ? dark : light;
  return Uint32Array.from({ length: 511 }, (_, i) => {
    const share = (Math.abs(i - 255) / 255) ** 0.6; // so that small numbers are seen too
    const [r, g, b] = zero.map((channel, k) => channel + share * ((i < 255 ? negative : positive)[k] - channel));
    return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  });
}

/** Paint the rows of an array into a canvas, a pixel a number; gives the largest absolute value. */
function paint(canvas, array) {
  const largest = array.data.reduce((a, b) => (Number.isFinite(b) ? Math.max(a, Math.abs(b)) : a), 0);
  canvas.width = array.cols;
  canvas.height = array.rows;
  const image = new ImageData(array.cols, array.rows), pixels = new Uint32Array(image.data.buffer);
  const colours = palette();
  array.data.forEach((value, i) => (pixels[i] = colours[255 + Math.round((255 * value) / (largest || 1))]));
  canvas.getContext("2d").putImageData(image, 0, 0);
  return largest;
}

/**
 * A heat map with a line that reads the cell under the pointer or the arrow keys: name(r, c) says which it is.
 * pick(r, c) is called for the one chosen; rows and columns are the ids of tokens that stand beside them.
 */
function heatmap(array, { label, name, pick, cell = 12, at = null, rows = [], columns = [] }) {
  const canvas = h("canvas", { class: "cells" });
  const largest = paint(canvas, array);
  const cursor = h("div", { class: "cursor", hidden: true });
  const reading = h("output", { class: "reading" }, "Point at a number, or move with the arrow keys.");
  let [r, c] = at ?? [0, 0];
  function look(newRow, newColumn) {
    r = Math.max(0, Math.min(array.rows - 1, newRow));
    c = Math.max(0, Math.min(array.cols - 1, newColumn));
    cursor.hidden = false;
    const percents = { left: c / array.cols, top: r / array.rows, width: 1 / array.cols, height: 1 / array.rows };
    for (const key in percents) cursor.style.setProperty(key, `${100 * percents[key]}%`);
    reading.replaceChildren(...name(r, c), " = ", h("b", {}, number(row(array, r)[c], 4)));
  }
  function point(event) {
    const box = canvas.getBoundingClientRect();
    look(Math.floor(((event.clientY - box.top) / box.height) * array.rows),
      Math.floor(((event.clientX - box.left) / box.width) * array.cols));
  }
  const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  const frame = h("div", {
    class: "frame", tabindex: "0", role: "application",
    "aria-label": `${label}, ${array.rows} rows of ${array.cols}: arrow keys move, Enter takes the number apart`,
    style: { height: `${Math.min(Math.max(array.rows * cell, 14), 480)}px` },
    onpointermove: point,
    onclick: (event) => { point(event); pick(r, c); },
    onkeydown(event) {
      if (moves[event.key]) look(r + moves[event.key][0], c + moves[event.key][1]);
      else if (event.key === "Enter" || event.key === " ") { look(r, c); pick(r, c); }
      else return;
      event.preventDefault();
    },
  }, canvas, cursor);
  if (at) look(r, c);
  const isSigned = array.data.some((value) => value < 0), scale = h("span", { class: isSigned ? "scale" : "scale positive" });
  const legend = h("div", { class: "legend" }, number(isSigned ? -largest : 0), scale, number(largest));
  const beside = (ids, kind) => h("div", { class: kind, "aria-hidden": "true" },
    ...(ids.length > LABELLED ? [] : ids.map((id) => h("bdi", {}, vocabulary.texts[id]))));
  const width = `min(100%, ${Math.max(array.cols * cell, 24) + (rows.length ? 14 : 0)}px)`;
  const labelled = h("div", { class: "labelled", style: { width } }, beside(columns, "labels"), beside(rows, "rows"), frame);
  return h("div", { class: "heatmap" }, labelled, reading, legend);
}
