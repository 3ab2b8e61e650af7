// Uploads a file with the protocol tus 1.0.0: in parts, resumed after a lost connection while the page is open. Nothing
// is stored in the browser.

import { prove } from "../proof_of_work/proof_of_work.js";

const PART_BYTES = 4 * 1024 * 1024;
const MAX_WAIT_MS = 30_000;
const COMMON_HEADERS = { "Tus-Resumable": "1.0.0", "Accept-Language": document.documentElement.lang };

/** The server refuses the file; the message is a text for the user. */
export class Refused extends Error {}

function request(method, url, { headers = {}, body = null, progress, signal }) {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open(method, url);
    for (const [name, value] of Object.entries({ ...COMMON_HEADERS, ...headers })) call.setRequestHeader(name, value);
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

/** Return a successful response. Throws `Refused` for a permanent error, `Error` for one to be retried. */
function checked(call) {
  if (call.status < 300) return call;
  const temporary = call.status === 409 || call.status === 423 || call.status === 429 || call.status >= 500;
  if (temporary && call.status !== 507) throw new Error(String(call.status));
  throw new Refused(call.responseText);
}

const offsetIn = (call) => Number(call.getResponseHeader("Upload-Offset"));

const PROOF_NEEDED = 428;

/** Create an upload. While many files are being sent, the server asks for a proof of work first. */
async function create(blob, type, { endpoint, signal }) {
  const headers = { "Upload-Length": blob.size, "Upload-Metadata": `filetype ${btoa(type)}` };
  let call = await request("POST", endpoint, { headers, signal });
  if (call.status === PROOF_NEEDED) {
    const { challenge, message } = JSON.parse(call.responseText);
    const proof = await prove(challenge).catch(() => {
      throw new Refused(message);
    });
    call = await request("POST", endpoint, { headers: { ...headers, "Satark-Proof": proof }, signal });
    if (call.status === PROOF_NEEDED) throw new Error("a second proof is needed");
  }
  return checked(call).getResponseHeader("Location");
}

async function sendPart(url, blob, offset, { progress, signal }) {
  const headers = { "Content-Type": "application/offset+octet-stream", "Upload-Offset": offset };
  const body = blob.slice(offset, offset + PART_BYTES);
  const reached = (loaded) => progress((offset + loaded) / blob.size);
  return offsetIn(checked(await request("PATCH", url, { headers, body, progress: reached, signal })));
}

/** Wait before the next attempt: longer each time, but at most until the network is back. */
function backoff(failures, { retry, signal }) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.min(MAX_WAIT_MS, 1000 * 2 ** failures));
    const stop = () => {
      clearTimeout(timer);
      resolve();
    };
    for (const [target, event] of [[window, "online"], [retry, "retry"], [signal, "abort"]])
      target.addEventListener(event, stop, { once: true });
  });
}

/**
 * Upload a file. Returns its URL once the upload is complete.
 *
 * `options`: `endpoint` creates uploads; `progress(share)`; `waiting()` when the connection is lost; `retry`, an
 * EventTarget whose event "retry" ends a wait; `signal` cancels. Rejects with `Refused` or an AbortError.
 */
export async function upload(blob, type, options) {
  let url;
  let offset = 0;
  for (let failures = 0; ; failures += 1) {
    try {
      url ??= await create(blob, type, options);
      if (failures) offset = offsetIn(checked(await request("HEAD", url, { signal: options.signal })));
      while (offset < blob.size) {
        offset = await sendPart(url, blob, offset, options);
        failures = 0;
      }
      return url;
    } catch (error) {
      if (error instanceof Refused || options.signal.aborted) throw error;
      options.waiting();
      await backoff(failures, options);
      options.signal.throwIfAborted();
    }
  }
}

/** Delete an uploaded file. */
export const remove = (url, signal) => request("DELETE", url, { signal });
