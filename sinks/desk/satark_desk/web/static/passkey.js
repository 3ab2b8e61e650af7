// Passkeys: asks the browser to make or use one, and sends its answer with the form.
"use strict";
(() => {
  const read = {
    create: (options) => ({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }),
    get: (options) => ({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }),
  };
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const { passkey: kind, options, refused } = form.dataset;
    const notice = form.querySelector("[role=alert]");
    form.querySelector("button").hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        const credential = await navigator.credentials[kind](read[kind](JSON.parse(options)));
        form.elements.passkey.value = JSON.stringify(credential);
        form.submit();
      } catch {
        // Cancelled, not allowed here, or this browser knows no passkeys.
        notice.textContent = refused;
        notice.hidden = false;
      }
    });
  }
})();
