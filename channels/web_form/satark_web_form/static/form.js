// Everything works without this. It adds: Esc three times to leave, a clean tab on leaving, the position on request,
// and pages that hide what was shown once when the browser brings them back.

const EXITING = "satark-exit";
const exitUrl = document.documentElement.dataset.exit;

function away() {
  sessionStorage.removeItem(EXITING);
  location.replace(exitUrl);
}

/** Go back to the first page of ours in this tab and put the harmless one in its place. */
function leave() {
  document.documentElement.hidden = true;
  navigator.sendBeacon("/leave");
  const first = globalThis.navigation?.entries()?.[0];
  if (!first || first.key === navigation.currentEntry.key) {
    away();
    return;
  }
  sessionStorage.setItem(EXITING, "1");
  setTimeout(away, 1500);
  navigation.traverseTo(first.key);
}

if (sessionStorage.getItem(EXITING)) away();

document.querySelector("#leave")?.addEventListener("submit", (event) => {
  event.preventDefault();
  leave();
});

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
