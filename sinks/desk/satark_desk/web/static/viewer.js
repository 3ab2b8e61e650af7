// A viewer of photos: zoom and pan by mouse, touch and keys; turning is for the eye alone. Without it their links open.
"use strict";
(() => {
  const viewer = document.querySelector("dialog.viewer");
  if (!viewer) return;
  const MOST = 12;
  const STEP = 1.4;
  const MOVE = 60;
  const links = [...document.querySelectorAll("a[data-photo]")];
  const stage = viewer.querySelector(".stage");
  const photo = stage.appendChild(new Image());
  photo.draggable = false;
  const fingers = new Map();
  let at = 0;
  let view = { zoom: 1, turns: 0, x: 0, y: 0 };

  function draw() {
    const sides = [photo.naturalWidth, photo.naturalHeight];
    const [width, height] = view.turns % 2 ? sides.reverse() : sides;
    const scale = Math.min(stage.clientWidth / width, stage.clientHeight / height, 1) * view.zoom;
    const within = (offset, length, room) => {
      const free = Math.max(0, (length * scale - room) / 2);
      return Math.min(free, Math.max(-free, offset));
    };
    view.x = within(view.x, width, stage.clientWidth);
    view.y = within(view.y, height, stage.clientHeight);
    photo.style.transform =
      `translate(-50%, -50%) translate(${view.x}px, ${view.y}px) rotate(${view.turns * 90}deg) scale(${scale})`;
  }

  // The point of the photo that is so far from the middle of the stage stays where it is.
  function zoomTo(wanted, x = 0, y = 0) {
    const zoom = Math.min(MOST, Math.max(1, wanted));
    const grown = zoom / view.zoom;
    view = { ...view, zoom, x: x - (x - view.x) * grown, y: y - (y - view.y) * grown };
    draw();
  }

  function move(x, y) {
    view.x += x;
    view.y += y;
    draw();
  }

  function fit(turns = view.turns) {
    view = { zoom: 1, turns, x: 0, y: 0 };
    draw();
  }

  function show(index) {
    at = (index + links.length) % links.length;
    photo.src = links[at].href;
    photo.alt = links[at].querySelector("img").alt;
    const beside = [...links[at].parentElement.children].filter((one) => one !== links[at]);
    viewer.querySelector("[data-about]").replaceChildren(...beside.map((one) => one.cloneNode(true)));
    viewer.querySelector("output").textContent = `${at + 1} / ${links.length}`;
    fit(0);
  }

  const acts = {
    previous: () => show(at - 1),
    next: () => show(at + 1),
    closer: () => zoomTo(view.zoom * STEP),
    wider: () => zoomTo(view.zoom / STEP),
    fit: () => fit(),
    turn: () => fit((view.turns + 1) % 4),
    close: () => viewer.close(),
  };
  const keys = {
    "+": acts.closer,
    "=": acts.closer,
    "-": acts.wider,
    0: acts.fit,
    r: acts.turn,
    PageUp: acts.previous,
    PageDown: acts.next,
    ArrowLeft: () => (view.zoom > 1 ? move(MOVE, 0) : acts.previous()),
    ArrowRight: () => (view.zoom > 1 ? move(-MOVE, 0) : acts.next()),
    ArrowUp: () => move(0, MOVE),
    ArrowDown: () => move(0, -MOVE),
  };

  const fromMiddle = (x, y) => {
    const box = stage.getBoundingClientRect();
    return [x - box.left - box.width / 2, y - box.top - box.height / 2];
  };

  function grip() {
    const all = [...fingers.values()];
    const middle = (axis) => all.reduce((sum, one) => sum + one[axis], 0) / all.length;
    const apart = all.length > 1 ? Math.hypot(all[0].x - all[1].x, all[0].y - all[1].y) : 0;
    return { x: middle("x"), y: middle("y"), apart };
  }

  function drag(event) {
    if (!fingers.has(event.pointerId)) return;
    const before = grip();
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const after = grip();
    move(after.x - before.x, after.y - before.y);
    if (before.apart && after.apart) {
      zoomTo((view.zoom * after.apart) / before.apart, ...fromMiddle(after.x, after.y));
    }
  }

  links.forEach((link, index) => link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    viewer.showModal();
    show(index);
    stage.focus();
  }));
  photo.addEventListener("load", draw);
  window.addEventListener("resize", () => { if (viewer.open) draw(); });
  viewer.addEventListener("click", (event) => {
    const button = event.target.closest("[data-view]");
    if (button) acts[button.dataset.view]();
  });
  viewer.addEventListener("close", () => {
    photo.removeAttribute("src");
    fingers.clear();
    links[at].focus();
  });
  // While the viewer is open, the keys of the page below do nothing.
  document.addEventListener("keydown", (event) => {
    if (!viewer.open) return;
    event.stopPropagation();
    if (event.ctrlKey || event.altKey || event.metaKey || !Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  }, true);
  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomTo(event.deltaY < 0 ? view.zoom * STEP : view.zoom / STEP, ...fromMiddle(event.clientX, event.clientY));
  }, { passive: false });
  stage.addEventListener("dblclick", (event) => {
    zoomTo(view.zoom > 1 ? 1 : STEP ** 3, ...fromMiddle(event.clientX, event.clientY));
  });
  stage.addEventListener("pointerdown", (event) => {
    stage.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });
  stage.addEventListener("pointermove", drag);
  for (const end of ["pointerup", "pointercancel"]) {
    stage.addEventListener(end, (event) => fingers.delete(event.pointerId));
  }
})();
