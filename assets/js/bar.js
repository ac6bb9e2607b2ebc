/* What the player's bar shows: the song, its outline with the position in it, what comes next, volume, and how the sound
   is wished for. */
(() => {
  "use strict";
  const segue = (window.segue = window.segue || {});
  const ASK_AGAIN_MS = 5000;
  const HEIGHT = 100; // of the drawing of an outline, which is stretched to its place
  const LEAST = 2; // silence is still a line
  let dragging = false;
  let seek, volume, drawn, sound;

  const by = (id) => document.getElementById(id);
  const make = (tag, values = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), values);
    element.append(...children);
    return element;
  };
  const clock = (s) => {
    const whole = Math.max(0, Math.floor(s || 0));
    const [hours, minutes, seconds] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
    const two = (n) => String(n).padStart(2, "0");
    return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
  };

  /* As long as the lists show it. */
  function shownLength() {
    const { song, length } = segue.player;
    return Math.round(song && song.duration_s > 0 && song.ends_s === null ? song.duration_s : length);
  }

  function range(id, label, place, max, step) {
    const input = make("input", { type: "range", id, min: 0, max, step, value: 0, className: "range" });
    input.setAttribute("aria-label", label);
    place.append(input);
    return input;
  }

  function fill(input) {
    const share = input.max > 0 ? (100 * input.value) / input.max : 0;
    input.parentElement.style.setProperty("--share", `${share}%`);
  }

  // The song and what comes next --------------------------------------------------------------------------------------

  function picture(place, src) {
    const shown = place.querySelector("img");
    if (!src) place.replaceChildren();
    else if (shown?.getAttribute("src") !== src) place.replaceChildren(make("img", { src, alt: "", className: "cover" }));
  }

  function describe() {
    const { song } = segue.player;
    by("player-title").textContent = song ? song.title : "";
    by("player-artist").textContent = song ? song.artist : "";
    picture(by("player-cover"), song?.thumb);
    for (const button of by("player-opinions").children) {
      const pressed = song?.rating === `${button.dataset.act}d`;
      button.dataset.track = song ? song.track : "";
      button.disabled = !song;
      button.setAttribute("aria-pressed", String(pressed));
    }
    document.title = song ? `${song.title} – ${song.artist} · Segue` : "Segue";
    describeNext();
    markRows();
    outline();
    segue.player.tellSystem();
    show();
  }

  function describeNext() {
    const next = segue.player.upNext;
    const card = by("player-next");
    if (!next && segue.isWaiting() && segue.player.song) return; // the answer under way will say
    card.hidden = !next;
    if (!next) return;
    card.dataset.entry = next.entry;
    card.title = next.why || segue.say("Your pick");
    picture(by("next-cover"), next.thumb);
    card.querySelector(".next-word").textContent = segue.ending.isLast ? segue.say("It ends before") : segue.say("Next");
    by("next-title").textContent = next.title;
    by("next-artist").textContent = next.artist;
    by("next-why").textContent = next.why || segue.say("Your pick");
  }

  /* The playing song stands out wherever it is listed, also in lists that come later. */
  function markRows() {
    let style = by("playing-style");
    if (!style) {
      style = make("style", { id: "playing-style" });
      document.head.append(style);
    }
    const { song } = segue.player;
    style.textContent = song ? `[data-of="${song.track}"] .title { color: var(--accent); }` : "";
  }

  function show() {
    const button = by("player-toggle");
    const playing = segue.player.isPlaying;
    const waits = playing && segue.player.audio.readyState < 3;
    button.dataset.state = waits ? "wait" : playing ? "pause" : "play";
    button.setAttribute("aria-label", playing ? segue.say("Pause") : segue.say("Play"));
    button.title = playing ? segue.say("Pause") : segue.say("Play");
    document.body.classList.toggle("is-playing", playing);
    document.body.classList.toggle("is-refused", segue.player.refused);
    segue.player.tellPosition();
    showTime();
  }

  function showTime() {
    const total = segue.player.length;
    const at = dragging ? Number(seek.value) : segue.player.audio.currentTime;
    seek.max = total || 1;
    if (!dragging) seek.value = at;
    seek.disabled = !segue.player.song;
    seek.setAttribute("aria-valuetext", segue.say("{time} of {length}", { time: clock(at), length: clock(shownLength()) }));
    by("player-elapsed").textContent = clock(at);
    by("player-length").textContent = clock(shownLength());
    fill(seek);
  }

  // The outline -------------------------------------------------------------------------------------------------------

  async function outline() {
    const { song } = segue.player;
    const key = song ? `${song.track} ${song.ends_s}` : "";
    if (drawn === key) return;
    drawn = key;
    draw(null, []);
    if (!song) return;
    const answer = await fetch(`/media/${song.track}/outline`).catch(() => null);
    if (drawn !== key) return;
    if (answer?.status === 202) return setTimeout(() => drawn === key && ((drawn = null), outline()), ASK_AGAIN_MS);
    const columns = answer?.status === 200 ? new Uint8Array(await answer.arrayBuffer()) : [];
    if (drawn === key) draw(song, columns);
  }

  /* One shape, as a mask: its colours are the bar's, before and behind the position. */
  function draw(song, columns) {
    const place = by("seek-place");
    const whole = song?.duration_s || 0;
    const shown = Math.ceil(columns.length * (song?.ends_s && whole ? Math.min(1, song.ends_s / whole) : 1));
    place.classList.toggle("has-outline", shown > 0);
    const wave = by("seek-outline");
    if (shown > 0) {
      const points = Array.from(columns.slice(0, shown), (value, x) => [x, Math.max(LEAST, (value / 255) * HEIGHT) / 2]);
      const above = points.map(([x, y]) => `${x} ${(HEIGHT / 2 - y).toFixed(1)}`);
      const below = points.reverse().map(([x, y]) => `${x} ${(HEIGHT / 2 + y).toFixed(1)}`);
      const box = `viewBox='0 0 ${Math.max(1, shown - 1)} ${HEIGHT}' preserveAspectRatio='none'`;
      const svg = `<svg xmlns='http://www.w3.org/2000/svg' ${box}><path d='M${[...above, ...below].join("L")}Z'/></svg>`;
      wave.style.setProperty("--outline", `url("data:image/svg+xml,${encodeURIComponent(svg)}")`);
    }
    const end = song?.ends_s ?? whole;
    const cues = [
      [segue.say("The introduction ends at {time}", { time: clock(song?.intro_end_s) }), song?.intro_end_s],
      [segue.say("The close begins at {time}", { time: clock(song?.outro_start_s) }), song?.outro_start_s],
    ].filter(([, at_s]) => at_s > 0 && at_s < end);
    by("seek-cues").replaceChildren(
      ...cues.map(([words, at_s]) => {
        const cue = make("span", { className: "cue", title: words });
        cue.style.left = `${(100 * at_s) / end}%`;
        return cue;
      }),
    );
  }

  // Volume, and how the sound is wished for ---------------------------------------------------------------------------

  function showVolume() {
    const { muted, level } = segue.sound;
    volume.value = muted ? 0 : level;
    volume.setAttribute("aria-valuetext", segue.say("{share} percent", { share: Math.round(100 * volume.value) }));
    fill(volume);
    const button = document.querySelector('[data-act="mute"]');
    button.dataset.state = muted || level === 0 ? "off" : "on";
    button.setAttribute("aria-label", muted ? segue.say("Sound on") : segue.say("Mute"));
    button.setAttribute("aria-pressed", String(muted));
  }

  function makeSound() {
    sound = make("div", { id: "sound", popover: "auto", className: "menu sound-menu" });
    sound.setAttribute("role", "dialog");
    sound.setAttribute("aria-label", segue.say("Sound"));
    const value = make("span", { className: "dial-value" });
    const rail = make("div", { className: "rail-place" });
    const most = Number(by("player").dataset.mostFadeS);
    sound.append(make("div", { className: "dial-name" }, segue.say("Crossfade"), value), rail);
    const fade = range("sound-fade", segue.say("Crossfade"), rail, most, 1);
    const even = make("input", { type: "checkbox", id: "sound-even", className: "check" });
    const label = make("label", { className: "check-line" }, even, segue.say("Even loudness"));
    const words = make("p", { className: "dial-words" });
    words.textContent = segue.say("Songs come at one loudness, as far as their peaks allow.");
    sound.append(make("p", { className: "dial-words" }, segue.say("At most so long; songs that bear less get less. 0: no gap.")));
    sound.append(label, words);
    const show = () => {
      fade.value = segue.player.fade_s;
      even.checked = segue.sound.isEven;
      value.textContent = fade.value === "0" ? segue.say("none") : `${fade.value} s`;
      fade.setAttribute("aria-valuetext", fade.value === "0" ? segue.say("none, without a gap") : segue.sayN("{count} second", "{count} seconds", Number(fade.value)));
      fill(fade);
    };
    fade.addEventListener("input", () => {
      segue.player.setSound({ fade_s: Number(fade.value) });
      show();
    });
    even.addEventListener("change", () => segue.player.setSound({ even: even.checked }));
    sound.addEventListener("beforetoggle", show);
    document.body.append(sound);
  }

  function openSound(button) {
    sound.showPopover();
    const place = button.getBoundingClientRect();
    const left = Math.min(place.left + place.width / 2 - sound.offsetWidth / 2, innerWidth - sound.offsetWidth - 8);
    sound.style.left = `${Math.max(8, left)}px`;
    sound.style.top = `${Math.max(8, place.top - sound.offsetHeight - 8)}px`;
    sound.querySelector("input").focus();
  }

  segue.bar = {
    describe,
    show,
    showTime,
    showVolume,
    openSound,
    clock,
    boot() {
      seek = range("player-seek", segue.say("Position in the song"), by("seek-place"), 1, "any");
      volume = range("player-volume", segue.say("Volume"), by("volume-place"), 1, 0.02);
      makeSound();
      seek.addEventListener("input", () => {
        dragging = true;
        showTime();
      });
      seek.addEventListener("change", () => {
        dragging = false;
        segue.player.seek(Number(seek.value));
      });
      volume.addEventListener("input", () => segue.player.setVolume(Number(volume.value)));
    },
  };
})();
