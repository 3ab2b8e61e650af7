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

  // A refreshed queue keeps its ticks and what is open. A box stands for what its officer had read when they ticked it.
  let ticked = [], opened = [];
  document.addEventListener("htmx:before:swap", () => {
    ticked = [...document.querySelectorAll("[data-choose]:checked")];
    opened = [...document.querySelectorAll("#queue details[open] a")].map((link) => link.href);
  });
  document.addEventListener("htmx:after:swap", () => {
    for (const link of document.querySelectorAll("#queue details a")) if (opened.includes(link.href)) link.closest("details").open = true;
    const form = document.getElementById("bulk");
    form?.querySelectorAll("label:has([data-choose])").forEach((label) => label.remove());
    for (const box of ticked) {
      const now = document.getElementById(box.id);
      if (now) Object.assign(now, {checked: true, value: box.value});
      else form.prepend(labelled(box));  // the list has no room for its tip any more
    }
  });
  function labelled(box) {
    const label = document.createElement("label");
    label.append(box, ` ${box.getAttribute("aria-label")}`);
    return label;
  }

  const network = document.getElementById("network");
  let lost = 0, over = false;  // an answer to what was asked before the network was cut says nothing
  function reach(there, began, unsent) {
    if (!there) lost = performance.now();
    if (there ? began < lost : !unsent && network.textContent) return;
    network.textContent = there ? "" : unsent ? network.dataset.unsent : network.dataset.cut;
    if (unsent && over) watch();
  }
  function end() {
    over = true;
    const link = document.createElement("a");
    Object.assign(link, {href: location.pathname + location.search, textContent: network.dataset.over});
    network.replaceChildren(link);
  }

  // Without a network the browser would show its own page in place of what was written: look first whether the desk answers.
  const within = () => ({cache: "no-store", signal: AbortSignal.timeout(10000)});
  let probing, probed;
  document.addEventListener("submit", async (event) => {
    const form = event.target, button = event.submitter?.form === form ? event.submitter : null;
    if (form === probed || !form.matches("[data-news] form[method=post]:not([data-passkey])")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (form === probing) return;  // pressed twice
    probing = form;
    button?.setAttribute("aria-busy", "true");
    const began = performance.now();
    const there = await fetch(home + "static/desk.js", {method: "HEAD", ...within()}).then((answer) => answer.ok, () => false);
    probing = null;
    button?.removeAttribute("aria-busy");
    reach(there, began, !there);
    if (!there) return;
    probed = form;
    try {
      form.requestSubmit(button);
    } finally {
      probed = null;
    }
  }, true);

  // News of the open tip, or of the queue, come by themselves; a pressing tip is heard on every page.
  const live = document.querySelector("[data-live]");
  let pressing = Number(sessionStorage.pressing ?? -1);
  async function look() {
    const answer = await fetch(`${home}news?poll=1&tip=${live?.dataset.live ?? ""}`, within());
    if (answer.redirected) return end();
    if (answer.status === 404) return leave();  // the tip was erased, or is this officer's no more
    const news = await answer.json();
    const is_urgent = pressing >= 0 && news.pressing > pressing;
    pressing = sessionStorage.pressing = news.pressing;
    // What is shown says its version: news that were lost on the way are asked for again.
    if (live && news.version !== Number(document.querySelector("[data-version]").dataset.version)) htmx.trigger(live, "refresh");
    if (is_urgent) new Audio(home + "static/ring.wav").play().catch(() => {});  // a browser may want a click first
    return true;
  }
  async function watch() {
    const began = performance.now();
    over = false;
    const goes_on = await look().then((found) => (found && reach(true, began), found), () => (reach(false), true));
    if (goes_on) setTimeout(watch, 1200);
  }
  if ("news" in document.documentElement.dataset) watch();

  // What is typed is kept at the desk, sealed, so that neither a restart nor a sign-out loses it.
  const typed = new Set();
  let timer, writing, is_unkept = false;
  function keep() {
    clearTimeout(timer);
    for (const form of typed) {
      const body = new URLSearchParams(new FormData(form));
      body.set("path", new URL(form.action).pathname);
      typed.delete(form);
      fetch(home + "typed", {method: "POST", body, keepalive: true})
        .then((answer) => { if (!answer.ok) throw answer; is_unkept = answer.redirected; })  // signed out in another tab
        .catch(() => { is_unkept = true; later(form, 3000); });  // the desk restarts, or the network is gone
    }
  }
  function later(form, milliseconds) {
    typed.add(form);
    clearTimeout(timer);
    timer = setTimeout(keep, milliseconds);
  }
  document.addEventListener("input", (event) => {
    const form = event.target.closest("details.act form");
    if (form?.elements.seen) later(writing = form, 700);
  });
  document.addEventListener("submit", (event) => {
    if (event.submitter?.name === "discard") typed.clear();
    keep();
    is_unkept &&= over;
  });
  addEventListener("pagehide", keep);
  document.addEventListener("visibilitychange", keep);  // a phone may end a page that it hides without a word
  addEventListener("beforeunload", (event) => { if (is_unkept) event.preventDefault(); });
  function leave() {
    if (writing) writing.submit();  // its answer shows what was written
    else location.reload();
  }

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
