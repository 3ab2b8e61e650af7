// Players with a speed, and waveforms that show and take the position. Without it players still play.
"use strict";
(() => {
  const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2];
  const number = new Intl.NumberFormat(document.documentElement.lang);

  function setUpPlayer(player) {
    const label = document.createElement("label");
    label.className = "speed";
    label.textContent = player.dataset.speed;
    const select = document.createElement("select");
    for (const speed of SPEEDS) {
      select.append(new Option(`${number.format(speed)}×`, speed, speed === 1, speed === 1));
    }
    select.addEventListener("change", () => { player.playbackRate = Number(select.value); });
    label.append(select);
    player.after(label);
  }

  function setUpWave(wave) {
    const player = wave.parentElement.querySelector("audio[data-speed]");
    if (!player) return;
    const line = document.createElement("progress");
    line.className = "played";
    line.max = 1;
    line.value = 0;
    line.setAttribute("aria-hidden", "true");
    wave.after(line);
    player.addEventListener("timeupdate", () => { line.value = player.currentTime / player.duration || 0; });
    wave.addEventListener("click", (event) => {
      const box = wave.getBoundingClientRect();
      const seek = () => { player.currentTime = player.duration * ((event.clientX - box.left) / box.width); };
      if (player.duration) {
        seek();
      } else {
        player.addEventListener("loadedmetadata", seek, { once: true });
        player.preload = "metadata";
      }
    });
  }

  document.querySelectorAll("[data-speed]").forEach(setUpPlayer);
  document.querySelectorAll("img.wave").forEach(setUpWave);
})();
