// Lets urgent tips wake this browser. The browser asks its user first, and gives the address at its push service.
"use strict";
(() => {
  const form = document.querySelector("[data-push]");
  if (!form || !navigator.serviceWorker || !window.PushManager) return;
  form.hidden = false;
  const active = (worker) => new Promise((done) => {
    if (worker.state === "activated") done();
    worker.addEventListener("statechange", () => worker.state === "activated" && done());
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const registration = await navigator.serviceWorker.register(form.dataset.worker);
      await active(registration.installing ?? registration.waiting ?? registration.active);
      const options = {userVisibleOnly: true, applicationServerKey: form.dataset.push};
      form.elements.address.value = (await registration.pushManager.subscribe(options)).endpoint;
      form.submit();
    } catch {
      form.querySelector("[role=alert]").hidden = false;
    }
  });
})();
