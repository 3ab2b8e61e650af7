// A tap on the map puts the place's numbers into their fields, and a mark where it was.

const decimals = 4; // some ten metres: closer than a finger

function tapped(map, event) {
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
    const place = tapped(map, event);
    for (const axis of ["latitude", "longitude"]) field(axis).value = place[axis].toFixed(decimals);
    mark.setAttribute("cx", place.across * map.viewBox.baseVal.width);
    mark.setAttribute("cy", place.down * map.viewBox.baseVal.height);
    mark.removeAttribute("visibility");
    status.textContent = status.dataset.done;
  });
}
