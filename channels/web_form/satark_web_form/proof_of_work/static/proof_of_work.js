// Solves the proof of work of every protected form, from page load on. A form that is submitted earlier waits for it. If
// the browser can't solve it, the delay ticket stays in the field, and the server delays the request.

function solve(challenge) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    const end = (settle) => (event) => {
      worker.terminate();
      settle(event.data);
    };
    worker.addEventListener("message", end(resolve));
    worker.addEventListener("error", end(reject));
    worker.postMessage(challenge);
  });
}

/** Return the proof of a challenge, given as JSON. Throws where the browser can't solve it. */
export async function prove(json) {
  if (!globalThis.crypto?.subtle || !globalThis.Worker) throw new Error("no proof of work");
  const challenge = JSON.parse(json);
  return btoa(JSON.stringify({ challenge, solution: await solve(challenge) }));
}

async function fillIn(field) {
  try {
    field.value = await prove(field.dataset.challenge);
  } catch {
    // The delay ticket stays in the field.
  }
}

function protect(field) {
  const solving = fillIn(field);
  let done = false;
  solving.then(() => (done = true));
  field.form?.addEventListener("submit", async (event) => {
    if (done) return;
    event.preventDefault();
    const status = field.form.querySelector("[data-proof-status]");
    if (status) status.hidden = false;
    await solving;
    field.form.requestSubmit(event.submitter);
  });
}

document.querySelectorAll("input[data-challenge]").forEach(protect);
