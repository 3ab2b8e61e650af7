// Optional: all pages work without it. It adds: Esc three times to leave, a clean tab history after leaving, the
// device's position on request, the code in a link from another channel, and hiding of content that is shown once
// when the browser goes back.

const EXITING = "satark-exit";
const exitUrl = document.documentElement.dataset.exit;

function openNeutralPage() {
  sessionStorage.removeItem(EXITING);
  location.replace(exitUrl);
}

/** Go back to the first page of this site in the tab, and replace it with the neutral page. */
function leave() {
  document.documentElement.hidden = true;
  navigator.sendBeacon("/leave");
  const first = globalThis.navigation?.entries()?.[0];
  if (!first || first.key === navigation.currentEntry.key) {
    openNeutralPage();
    return;
  }
  sessionStorage.setItem(EXITING, "1");
  setTimeout(openNeutralPage, 1500);
  navigation.traverseTo(first.key);
}

if (sessionStorage.getItem(EXITING)) openNeutralPage();

document.querySelector("#leave")?.addEventListener("submit", (event) => {
  event.preventDefault();
  leave();
});

const handoff = document.querySelector("#handoff-code");
if (handoff && /^#\d{12}$/.test(location.hash)) {
  handoff.value = location.hash.slice(1);
  handoff.closest("details").open = true;
  history.replaceState(null, "", location.pathname);
}

let escapes = [];
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  escapes = [...escapes.filter((at) => event.timeStamp - at < 2000), event.timeStamp];
  if (escapes.length === 3) leave();
});

addEventListener("pagehide", () => document.querySelectorAll("[data-once]").forEach((one) => one.replaceChildren()));
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

document.querySelector("#summary")?.focus();

for (const here of document.querySelectorAll("[data-here]")) {
  if (!navigator.geolocation || !isSecureContext) continue;
  here.hidden = false;
  const status = here.querySelector("[role=status]");
  const set = here.closest("fieldset");
  here.querySelector("button").addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        set.querySelector("[name$='.latitude']").value = coords.latitude.toFixed(6);
        set.querySelector("[name$='.longitude']").value = coords.longitude.toFixed(6);
        set.querySelector("details.degrees").open = true;
        status.textContent = status.dataset.done;
      },
      () => (status.textContent = status.dataset.failed),
      { enableHighAccuracy: true, timeout: 30000 },
    );
  });
}
