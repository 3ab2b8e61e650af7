// Web worker: finds the counter whose derived key has the prefix of ALTCHA's challenge (version 2, PBKDF2).

const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");

async function derive({ nonce, salt, cost, keyLength, algorithm }, counter) {
  const password = new Uint8Array(nonce.length + 4);
  password.set(nonce);
  new DataView(password.buffer).setUint32(nonce.length, counter);
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const options = { name: "PBKDF2", hash: algorithm.slice("PBKDF2/".length), salt, iterations: cost };
  return hex(await crypto.subtle.deriveBits(options, key, keyLength * 8));
}

async function solve(challenge) {
  const parameters = challenge.parameters;
  const decoded = { ...parameters, nonce: bytes(parameters.nonce), salt: bytes(parameters.salt) };
  for (let counter = 0; ; counter += 1) {
    const derivedKey = await derive(decoded, counter);
    if (derivedKey.startsWith(parameters.keyPrefix)) return { counter, derivedKey };
  }
}

self.addEventListener("message", async ({ data }) => self.postMessage(await solve(data)));
