// Long computations in slices, so that the page answers meanwhile. One is a generator that pauses often.

const SLICE = 15; // milliseconds
const jobs = new Map(); // what is being computed: the kind of a job -> its steps

/** Do all the steps at once; what they return. */
function finish(steps) {
  for (let step; ;) if ((step = steps.next()).done) return step.value;
}

/** Do them a slice at a time, until another job of their kind begins; whether they came to their end. */
async function inSlices(kind, steps) {
  jobs.set(kind, steps);
  try {
    for (let end = performance.now() + SLICE; !steps.next().done; ) {
      if (performance.now() < end) continue;
      showJobs();
      await new Promise((resolve) => setTimeout(resolve));
      if (jobs.get(kind) !== steps) return false;
      end = performance.now() + SLICE;
    }
    return true;
  } finally { // after an error, too: the console shows it, and the page goes on
    if (jobs.get(kind) === steps) jobs.delete(kind);
    showJobs();
  }
}

function showJobs() {
  find("busy").textContent = jobs.size ? "computing …" : "";
  document.documentElement.dataset.busy = jobs.size; // for whoever drives the page
}
