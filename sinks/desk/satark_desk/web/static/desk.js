// Keys for officers who work through a queue. Everything they do can be done without them.
"use strict";
(() => {
  const typing = (element) => element.closest("input, textarea, select, button, [contenteditable]");
  const rows = () => [...document.querySelectorAll("[data-row]")];

  function step(by) {
    const all = rows();
    const at = all.indexOf(document.activeElement);
    const next = at < 0 ? all[by > 0 ? 0 : all.length - 1] : all[at + by];
    if (next) next.focus();
  }

  // A list that refreshed itself would lose which tips are ticked.
  document.addEventListener("htmx:before:request", (event) => {
    if (event.target.id === "queue" && document.querySelector("[data-choose]:checked")) event.preventDefault();
  });

  if (document.querySelector("[data-reload]")) setTimeout(() => location.reload(), 2000);

  const help = document.getElementById("help");
  document.addEventListener("click", (event) => {
    if (!help || event.ctrlKey || event.metaKey || event.shiftKey || !event.target.closest("[data-help]")) return;
    event.preventDefault();
    const words = help.querySelector("template");  // until then nothing of it is on the page
    if (words) words.replaceWith(words.content);
    help.showModal();
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
      if (link.tagName === "SUMMARY" && link.parentElement.open) link.parentElement.querySelector("select, textarea, input:not([type=checkbox], [type=hidden]), button").focus();
    } else if (rows().length && (event.key === "j" || event.key === "k")) {
      event.preventDefault();
      step(event.key === "j" ? 1 : -1);
    } else if (event.key === "/") {
      const search = document.querySelector("[data-search]");
      if (!search) return;
      event.preventDefault();
      search.closest("details").open = true;
      search.focus();
    }
  });
})();
