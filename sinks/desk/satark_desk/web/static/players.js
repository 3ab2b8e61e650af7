// Players with a speed, waveforms that show and take the position, and those of films. Without it players still play.
"use strict";
(() => {
  const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2];
  const MOST_BYTES = 64 * 1024 * 1024; // of a film whose sound is opened in the browser's memory
  const RATE = 8000; // samples a second: more show nothing more
  const WIDTH = 600, HEIGHT = 60;
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
    const player = wave.parentElement.querySelector("[data-speed]");
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

  async function openSound(film) {
    const answer = await fetch(film.currentSrc);
    if (!answer.ok || Number(answer.headers.get("content-length")) > MOST_BYTES) return null;
    const opened = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(await answer.arrayBuffer());
    return opened.getChannelData(0);
  }

  function drawSound(samples) {
    const canvas = Object.assign(document.createElement("canvas"), { className: "wave", width: WIDTH, height: HEIGHT });
    canvas.setAttribute("aria-hidden", "true");
    const brush = canvas.getContext("2d");
    brush.fillStyle = getComputedStyle(document.querySelector("main a")).color;
    const loudest = (some) => some.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
    const step = samples.length / WIDTH, scale = HEIGHT / (loudest(samples) || 1);
    for (let x = 0; x < WIDTH; x += 1) {
      const height = Math.max(1, scale * loudest(samples.subarray(x * step, (x + 1) * step)));
      brush.fillRect(x, (HEIGHT - height) / 2, 1, height);
    }
    return canvas;
  }

  function setUpSound(film) {
    film.addEventListener("play", async () => {
      const samples = await openSound(film).catch(() => null); // a film without sound has none to draw
      if (!samples) return;
      const wave = drawSound(samples);
      film.after(wave);
      setUpWave(wave);
    }, { once: true });
  }

  document.querySelectorAll("[data-speed]").forEach(setUpPlayer);
  document.querySelectorAll("img.wave").forEach(setUpWave);
  document.querySelectorAll("video[data-sound]").forEach(setUpSound);
})();
