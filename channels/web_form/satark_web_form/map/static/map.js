// A tap on the map fills in the latitude and longitude, and marks the position.

const decimals = 4; // about ten metres, more precise than a finger

function positionOf(map, event) {
  const box = map.getBoundingClientRect();
  const [across, down] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  const { north, south, west, east } = map.dataset;
  return {
    across,
    down,
    latitude: +north - down * (north - south),
    longitude: +west + across * (east - west),
  };
}

for (const figure of document.querySelectorAll("[data-map]")) {
  const map = figure.querySelector("svg");
  const mark = map.querySelector("[data-mark]");
  const status = figure.querySelector("[role=status]");
  const form = figure.closest("form");
  const field = (axis) => form.querySelector(`[name$='.${axis}']`);
  figure.querySelector("[data-how]").hidden = false;
  map.addEventListener("click", (event) => {
    const position = positionOf(map, event);
    for (const axis of ["latitude", "longitude"]) field(axis).value = position[axis].toFixed(decimals);
    mark.setAttribute("cx", position.across * map.viewBox.baseVal.width);
    mark.setAttribute("cy", position.down * map.viewBox.baseVal.height);
    mark.removeAttribute("visibility");
    status.textContent = status.dataset.done;
  });
}
