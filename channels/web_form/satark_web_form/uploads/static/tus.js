// Sends a file by the protocol tus 1.0.0: in parts, going on where a lost connection broke off, for as long as the page
// is open. Nothing is remembered in the browser, so that nothing is found there.

const PART = 4 * 1024 * 1024;
const LONGEST_WAIT = 30_000;
const ALWAYS = { "Tus-Resumable": "1.0.0", "Accept-Language": document.documentElement.lang };

/** The server will not have the file; the message is a sentence for the person. */
export class Refused extends Error {}

function request(method, url, { headers = {}, body = null, progress, signal }) {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open(method, url);
    for (const [name, value] of Object.entries({ ...ALWAYS, ...headers })) call.setRequestHeader(name, value);
    const abort = () => call.abort();
    const end = (settle, value) => () => {
      signal.removeEventListener("abort", abort);
      settle(value);
    };
    if (progress) call.upload.addEventListener("progress", (event) => progress(event.loaded));
    call.addEventListener("load", end(resolve, call));
    call.addEventListener("error", end(reject, new Error("network")));
    call.addEventListener("abort", end(reject, new DOMException("cancelled", "AbortError")));
    signal.addEventListener("abort", abort);
    call.send(body);
  });
}

/** Give an answer that grants what was asked for. A refusal that no repetition changes is `Refused`. */
function granted(call) {
  if (call.status < 300) return call;
  const passing = call.status === 409 || call.status === 423 || call.status === 429 || call.status >= 500;
  if (passing && call.status !== 507) throw new Error(String(call.status));
  throw new Refused(call.responseText);
}

const offsetIn = (call) => Number(call.getResponseHeader("Upload-Offset"));

async function create(blob, type, { endpoint, signal }) {
  const headers = { "Upload-Length": blob.size, "Upload-Metadata": `filetype ${btoa(type)}` };
  return granted(await request("POST", endpoint, { headers, signal })).getResponseHeader("Location");
}

async function sendPart(where, blob, offset, { progress, signal }) {
  const headers = { "Content-Type": "application/offset+octet-stream", "Upload-Offset": offset };
  const body = blob.slice(offset, offset + PART);
  const reached = (loaded) => progress((offset + loaded) / blob.size);
  return offsetIn(granted(await request("PATCH", where, { headers, body, progress: reached, signal })));
}

/** Wait until it is worth another attempt: longer each time, but no longer than until the network is back. */
function pause(failures, { hurry, signal }) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.min(LONGEST_WAIT, 1000 * 2 ** failures));
    const now = () => {
      clearTimeout(timer);
      resolve();
    };
    for (const [target, event] of [[window, "online"], [hurry, "hurry"], [signal, "abort"]])
      target.addEventListener(event, now, { once: true });
  });
}

/**
 * Send a file; give its address once it is whole there.
 *
 * `options`: `endpoint` where files are made; `progress(share)`; `waiting()` when the connection is lost; `hurry`, an
 * EventTarget whose "hurry" ends a wait; `signal` to cancel. Rejects with `Refused`, or with an AbortError.
 */
export async function send(blob, type, options) {
  let where;
  let offset = 0;
  for (let failures = 0; ; failures += 1) {
    try {
      where ??= await create(blob, type, options);
      if (failures) offset = offsetIn(granted(await request("HEAD", where, { signal: options.signal })));
      while (offset < blob.size) {
        offset = await sendPart(where, blob, offset, options);
        failures = 0;
      }
      return where;
    } catch (error) {
      if (error instanceof Refused || options.signal.aborted) throw error;
      options.waiting();
      await pause(failures, options);
      options.signal.throwIfAborted();
    }
  }
}

/** Take a file back. */
export const remove = (where, signal) => request("DELETE", where, { signal });
