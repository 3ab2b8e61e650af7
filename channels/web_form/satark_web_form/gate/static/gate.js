// Does the gate's work for every form that has one, beginning when the page is there. A form that is sent before the
// work is done waits for it. Where a browser can't do it, the ticket stays in the field, and the server lets it wait.

const work = new WeakMap();

function solved(challenge) {
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

async function prove(field) {
  if (!globalThis.crypto?.subtle || !globalThis.Worker) return;
  const challenge = JSON.parse(field.dataset.challenge);
  try {
    field.value = btoa(JSON.stringify({ challenge, solution: await solved(challenge) }));
  } catch {
    // The ticket stands.
  }
}

/** The proof that a field holds once the work is done; the ticket where it can't be done. */
export async function proofOf(field) {
  await work.get(field);
  return field.value;
}

function guard(field) {
  const doing = prove(field);
  let done = false;
  work.set(field, doing);
  doing.then(() => (done = true));
  field.form?.addEventListener("submit", async (event) => {
    if (done) return;
    event.preventDefault();
    const status = field.form.querySelector("[data-gate-status]");
    if (status) status.hidden = false;
    await doing;
    field.form.requestSubmit(event.submitter);
  });
}

document.querySelectorAll("input[data-challenge]").forEach(guard);
