// Keys for officers who work through a queue. Everything they do can be done without them.
"use strict";
(() => {
  const home = document.currentScript.src.replace("static/desk.js", "");
  const typing = (element) => element.closest("input, textarea, select, button, [contenteditable]");
  const rows = () => [...document.querySelectorAll("[data-row]")];

  function step(by) {
    const all = rows();
    const at = all.indexOf(document.activeElement);
    const next = at < 0 ? all[by > 0 ? 0 : all.length - 1] : all[at + by];
    if (next) next.focus();
  }

  // A refreshed list keeps its ticks. A box stands for what its officer had read when they ticked it.
  let ticked = [];
  document.addEventListener("htmx:before:swap", () => {
    ticked = [...document.querySelectorAll("[data-choose]:checked")];
  });
  document.addEventListener("htmx:after:swap", () => {
    for (const {id, value} of ticked) Object.assign(document.getElementById(id) ?? {}, {checked: true, value});
  });

  const network = document.getElementById("network");
  let lost = 0;  // an answer to what was asked before the network was cut says nothing
  function reach(there, began, unsent) {
    if (!there) lost = performance.now();
    if (!network || (there ? began < lost : !unsent && network.textContent)) return;
    network.textContent = there ? "" : unsent ? network.dataset.unsent : network.dataset.cut;
  }

  // Without a network the browser would show its own page in place of what was written: look first whether the desk answers.
  const within = () => ({cache: "no-store", signal: AbortSignal.timeout(10000)});
  let probing, probed;
  document.addEventListener("submit", async (event) => {
    const form = event.target, button = event.submitter;
    if (form === probed || !form.matches("[data-news] main form[method=post]:not([data-passkey])")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (form === probing) return;  // pressed twice
    probing = form;
    const began = performance.now();
    const there = await fetch(home + "static/desk.js", {method: "HEAD", ...within()}).then((answer) => answer.ok, () => false);
    probing = null;
    reach(there, began, true);
    if (!there) return;
    probed = form;
    try {
      form.requestSubmit(button?.form === form ? button : null);
    } finally {
      probed = null;
    }
  }, true);

  // News of the open tip, or of the queue, come by themselves; a pressing tip is heard on every page.
  const live = document.querySelector("[data-live]");
  let version = Number(live?.dataset.version), pressing = Number(sessionStorage.pressing ?? -1);
  async function look() {
    const answer = await fetch(`${home}news?poll=1&tip=${live?.dataset.live ?? ""}`, within());
    if (answer.redirected) return true;  // the session is over
    if (answer.status === 404) return location.reload(), true;  // the tip was erased, or is this officer's no more
    const news = await answer.json();
    const is_urgent = pressing >= 0 && news.pressing > pressing;
    pressing = sessionStorage.pressing = news.pressing;
    if (live && news.version !== version) {
      version = news.version;
      htmx.trigger(live, "refresh");
    }
    if (is_urgent) new Audio(home + "static/ring.wav").play().catch(() => {});  // a browser may want a click first
  }
  async function watch() {
    const began = performance.now();
    const over = await look().then((ended) => (reach(true, began), ended), () => reach(false));
    if (!over) setTimeout(watch, 1200);
  }
  if ("news" in document.documentElement.dataset) watch();

  // What is typed is kept at the desk, sealed, so that neither a restart nor a sign-out loses it.
  let typed, timer;
  function keep() {
    clearTimeout(timer);
    if (!typed) return;
    const form = typed, body = new URLSearchParams(new FormData(form));
    body.set("path", new URL(form.action).pathname);
    typed = null;
    fetch(home + "typed", {method: "POST", body, keepalive: true})
      .then((answer) => answer.ok || Promise.reject(answer))
      .catch(() => { if (!typed) { typed = form; timer = setTimeout(keep, 3000); } });  // the desk restarts, or the network is gone
  }
  document.addEventListener("input", (event) => {
    const form = event.target.closest("details.act form");
    if (!form?.elements.seen) return;
    if (typed && typed !== form) keep();
    typed = form;
    clearTimeout(timer);
    timer = setTimeout(keep, 700);
  });
  document.addEventListener("submit", () => { typed = null; clearTimeout(timer); });
  addEventListener("pagehide", keep);

  if (document.querySelector("[data-reload]")) setTimeout(() => location.reload(), 2000);

  const help = document.getElementById("help");
  document.addEventListener("click", (event) => {
    if (!help || event.ctrlKey || event.metaKey || event.shiftKey || !event.target.closest("[data-help]")) return;
    event.preventDefault();
    const words = help.querySelector("template");  // until then nothing of it is on the page
    if (words) words.replaceWith(words.content);
    help.showModal();
  });

  // Whoever opens the form of an act writes next, if they are not at its next field already.
  function enter(form) {
    if (form.open && !form.querySelector("form:focus-within")) form.querySelector("select, textarea, input:not([type=checkbox], [type=hidden]), button")?.focus();
  }
  document.addEventListener("click", (event) => {
    const button = document.querySelector(`[data-act="${event.target.dataset.opens}"]`);
    const form = (button ?? event.target.closest("details.act > summary"))?.parentElement;
    if (!form) return;
    if (button) {
      event.preventDefault();
      form.open = true;
      form.scrollIntoView();
      enter(form);
    } else {
      setTimeout(() => enter(form));  // it opens after this
    }
  });

  // On a touch screen, whoever has chosen from a list writes next. A keyboard passes each option on the way.
  document.addEventListener("change", (event) => {
    if (!event.target.matches("details.act select") || !matchMedia("(hover: none)").matches) return;
    const empty = [...event.target.form.querySelectorAll(":required")].find((field) => !field.value);
    if (empty?.matches("textarea")) empty.focus();
  });

  // A wording goes into the form where it is picked; without this its link opens the form with it.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-wording]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const text = link.closest("form").querySelector("textarea");
    text.value = [text.value.trim(), link.dataset.wording].filter(Boolean).join("\n");
    link.closest("details").open = false;
    text.focus();
  });

  document.addEventListener("keydown", (event) => {
    if (help?.open) return;
    // Escape leaves a field, so that the keys work again.
    if (event.key === "Escape" && event.target.closest("input, textarea, select")) event.target.blur();
    if (event.ctrlKey || event.altKey || event.metaKey || typing(event.target)) return;
    const link = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (link) {
      event.preventDefault();
      link.click();
      if (link.tagName === "SUMMARY") enter(link.parentElement);
    } else if (rows().length && (event.key === "j" || event.key === "k")) {
      event.preventDefault();
      step(event.key === "j" ? 1 : -1);
    } else if (event.key === "/") {
      const search = document.querySelector("[data-search]");
      if (!search) return;
      event.preventDefault();
      search.focus();
    }
  });
})();
