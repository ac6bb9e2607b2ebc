/* The player: one audio element, the bar that steers it, the operating system's media keys. It follows the deck that
   the server answers; when a song ends it goes on by itself and tells the server afterwards. */
(() => {
  "use strict";
  const segue = (window.segue = window.segue || {});
  const STEP_S = 10;
  const RESTART_S = 3; // "previous" within the first seconds goes back a song, later it starts the song again
  const KEEP_EVERY_MS = 2000;
  const HEARD_S = 30; // a song that was heard for so long is what the next one follows
  const MOST_ERRORS = 5; // songs in a row that would not play
  const PLAYS = new Set(["play", "seed", "jump", "advance", "back"]);
  const LEAVES = new Set(["play", "seed", "jump", "back", "remove", "never", "undo", "redo"]); // the listener left a song

  const audio = new Audio();
  audio.id = "segue-audio";
  audio.preload = "auto";
  const warm = new Audio(); // never plays: it draws the next song into the browser's cache
  warm.preload = "auto";
  warm.muted = true;

  const others = "BroadcastChannel" in window ? new BroadcastChannel("segue") : null;
  const tab = Math.random().toString(36).slice(2);

  let song = null; // what is loaded, in the form of present.deck_entry
  let told = null; // the entry whose end was reported, or is not to be
  let before = null; // the last track that was really heard
  let dragging = false;
  let errors = 0;
  let refused = false;
  let seek, volume;

  const by = (id) => document.getElementById(id);
  const clock = (s) => {
    const whole = Math.max(0, Math.floor(s || 0));
    const [hours, minutes, seconds] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
    const two = (n) => String(n).padStart(2, "0");
    return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
  };
  const shownLength = () => Math.round(song && song.duration_s > 0 ? song.duration_s : length()); // as the lists show it
  const length = () => (Number.isFinite(audio.duration) ? audio.duration : song ? song.duration_s : 0);

  // The sound ---------------------------------------------------------------------------------------------------------

  /* Report what became of the song that is over: how much of it was heard, and whether it ended by itself. */
  function leave(ended = false) {
    if (!song || told === song.entry) return;
    const { entry, track, origin } = song;
    let heard = 0;
    for (let i = 0; i < audio.played.length; i += 1) heard += audio.played.end(i) - audio.played.start(i);
    if (heard === 0) return;
    told = entry;
    const body = JSON.stringify({ track, before, heard_s: heard, ended, origin });
    const headers = { "Content-Type": "application/json" };
    fetch("/api/heard", { method: "POST", headers, body, keepalive: true }).catch(() => {
      /* the music goes on without it */
    });
    if (ended || heard >= HEARD_S) before = track;
  }

  function load(entry, at = 0) {
    told = null;
    song = entry;
    audio.src = entry.src;
    if (at > 0) audio.addEventListener("loadedmetadata", () => (audio.currentTime = at), { once: true });
    describe();
  }

  function play() {
    refused = false;
    others?.postMessage({ plays: tab });
    const started = audio.play();
    started?.catch((error) => {
      if (error.name === "NotAllowedError") {
        refused = true;
        segue.notify("The browser waits for you: press play.", "note");
      }
      show();
    });
    show();
  }

  function unload() {
    song = null;
    audio.pause();
    audio.removeAttribute("src");
    audio.load();
    describe();
  }

  function draw(next) {
    if (next && warm.getAttribute("src") !== next.src) warm.src = next.src;
  }

  function onward() {
    const from = song ? song.entry : null;
    const next = segue.deck?.current?.entry === from ? segue.deck.next : null;
    if (next || audio.ended) leave(audio.ended);
    if (next) {
      load(next);
      play();
    }
    segue.send("advance", { entry: from });
  }

  async function onError() {
    if (!song || !audio.getAttribute("src")) return;
    const failed = song;
    let reason = "";
    try {
      const answer = await fetch(failed.src, { headers: { Range: "bytes=0-0" } });
      if (!answer.ok) reason = (await answer.text()).trim();
    } catch (error) {
      segue.notify("Segue does not answer. Is it still running?");
      show();
      return;
    }
    if (!song || failed.entry !== song.entry) return; // any command may have renewed the song meanwhile
    errors += 1;
    told = failed.entry; // what could not be played tells nothing of the listener
    segue.notify(reason || `“${failed.title}” cannot be played in this browser.`);
    if (errors >= MOST_ERRORS) {
      errors = 0;
      segue.notify("Several songs in a row would not play; the player has stopped.");
      audio.pause();
      show();
    } else onward();
  }

  // What the server answered ------------------------------------------------------------------------------------------

  function follow(deck, command, isAhead = false) {
    const current = deck.current;
    const isLeft = song && song.entry !== current?.entry;
    if (isLeft && isAhead) return draw(deck.next);
    if (isLeft && (LEAVES.has(command.kind) || (command.kind === "advance" && command.entry === song.entry))) leave();
    if (!current) {
      if (song) unload();
    } else if (!song || song.entry !== current.entry) {
      const plays = PLAYS.has(command.kind) || (song !== null && !audio.paused);
      const kept = command.kind === "restore" ? segue.kept("position") : null;
      load(current, kept && kept.entry === current.entry && kept.track === current.track ? kept.at_s : 0);
      if (plays) play();
    } else {
      song = current;
      if (command.kind === "play" || command.kind === "jump") {
        if (command.kind === "play") audio.currentTime = 0;
        play();
      } else if (command.kind === "refresh" && audio.ended && deck.next) {
        onward(); // the song had ended with nothing to follow it; now there is something
      }
    }
    draw(deck.next);
    describe();
  }

  // The bar -----------------------------------------------------------------------------------------------------------

  function range(id, label, place, max, step) {
    const input = document.createElement("input");
    Object.assign(input, { type: "range", id, min: 0, max, step, value: 0, className: "range" });
    input.setAttribute("aria-label", label);
    by(place).append(input);
    return input;
  }

  function fill(input) {
    const share = input.max > 0 ? (100 * input.value) / input.max : 0;
    input.style.setProperty("--share", `${share}%`);
  }

  function describe() {
    by("player-title").textContent = song ? song.title : "";
    by("player-artist").textContent = song ? song.artist : "";
    const place = by("player-cover");
    const shown = place.querySelector("img");
    if (!song) place.replaceChildren();
    else if (!shown || shown.getAttribute("src") !== song.thumb) {
      const img = Object.assign(document.createElement("img"), { src: song.thumb, alt: "", className: "cover" });
      place.replaceChildren(img);
    }
    for (const button of by("player-opinions").children) {
      const pressed = song?.rating === `${button.dataset.act}d`;
      button.dataset.track = song ? song.track : "";
      button.disabled = !song;
      button.setAttribute("aria-pressed", String(pressed));
    }
    document.title = song ? `${song.title} – ${song.artist} · Segue` : "Segue";
    markRows();
    if ("mediaSession" in navigator) tellSystem();
    show();
  }

  /* The playing song stands out wherever it is listed, also in lists that come later. */
  function markRows() {
    let style = by("playing-style");
    if (!style) {
      style = Object.assign(document.createElement("style"), { id: "playing-style" });
      document.head.append(style);
    }
    style.textContent = song ? `[data-of="${song.track}"] .title { color: var(--accent); }` : "";
  }

  function tellSystem() {
    navigator.mediaSession.metadata = song
      ? new MediaMetadata({
          title: song.title,
          artist: song.artist,
          album: song.album,
          artwork: [{ src: song.cover, sizes: "512x512" }],
        })
      : null;
  }

  function show() {
    const button = by("player-toggle");
    const playing = Boolean(song) && !audio.paused;
    const waits = playing && audio.readyState < 3;
    button.dataset.state = waits ? "wait" : playing ? "pause" : "play";
    button.setAttribute("aria-label", playing ? "Pause" : "Play");
    button.title = playing ? "Pause" : "Play";
    document.body.classList.toggle("is-playing", playing);
    document.body.classList.toggle("is-refused", refused);
    if ("mediaSession" in navigator) navigator.mediaSession.playbackState = playing ? "playing" : "paused";
    showTime();
  }

  function showTime() {
    const total = length();
    const at = dragging ? Number(seek.value) : audio.currentTime;
    seek.max = total || 1;
    if (!dragging) seek.value = at;
    seek.disabled = !song;
    seek.setAttribute("aria-valuetext", `${clock(at)} of ${clock(shownLength())}`);
    by("player-elapsed").textContent = clock(at);
    by("player-length").textContent = clock(shownLength());
    fill(seek);
  }

  function showVolume() {
    volume.value = audio.muted ? 0 : audio.volume;
    volume.setAttribute("aria-valuetext", `${Math.round(100 * volume.value)} percent`);
    fill(volume);
    const button = document.querySelector('[data-act="mute"]');
    button.dataset.state = audio.muted || audio.volume === 0 ? "off" : "on";
    button.setAttribute("aria-label", audio.muted ? "Sound on" : "Mute");
    button.setAttribute("aria-pressed", String(audio.muted));
  }

  function keepPosition() {
    if (song) segue.keep("position", { entry: song.entry, track: song.track, at_s: audio.currentTime });
  }

  // What the listener does --------------------------------------------------------------------------------------------

  const player = (segue.player = {
    audio,
    follow,
    toggle() {
      if (!song) segue.send("advance", { entry: null });
      else if (audio.paused) play();
      else audio.pause();
    },
    next: onward,
    previous() {
      if (audio.currentTime > RESTART_S || !segue.deck?.has_previous) audio.currentTime = 0;
      else segue.send("back", { entry: song.entry });
    },
    step(seconds) {
      if (song) audio.currentTime = Math.min(Math.max(0, audio.currentTime + seconds), Math.max(0, length() - 0.5));
    },
    mute() {
      audio.muted = !audio.muted;
    },
    STEP_S,
    boot() {
      document.body.append(audio);
      seek = range("player-seek", "Position in the song", "seek-place", 1, "any");
      volume = range("player-volume", "Volume", "volume-place", 1, 0.02);
      listenToBar();
      listenToSound();
      listenToSystem();
      const kept = segue.kept("volume");
      if (kept) Object.assign(audio, { volume: kept.volume, muted: kept.muted });
      showVolume();
      describe();
    },
  });

  function listenToBar() {
    seek.addEventListener("input", () => {
      dragging = true;
      showTime();
    });
    seek.addEventListener("change", () => {
      dragging = false;
      audio.currentTime = Number(seek.value);
      showTime();
    });
    volume.addEventListener("input", () => {
      audio.muted = false;
      audio.volume = Number(volume.value);
    });
    window.addEventListener("pagehide", keepPosition);
    setInterval(() => !audio.paused && keepPosition(), KEEP_EVERY_MS);
    if (others)
      others.onmessage = ({ data }) => {
        if (data.plays !== tab && !audio.paused) audio.pause(); // another tab plays now
      };
  }

  function listenToSound() {
    for (const event of ["play", "pause", "playing", "waiting", "loadedmetadata", "seeked", "emptied"])
      audio.addEventListener(event, show);
    audio.addEventListener("playing", () => (errors = 0));
    audio.addEventListener("pause", keepPosition);
    audio.addEventListener("timeupdate", showTime);
    audio.addEventListener("ended", onward);
    audio.addEventListener("error", onError);
    audio.addEventListener("volumechange", () => {
      segue.keep("volume", { volume: audio.volume, muted: audio.muted });
      showVolume();
    });
  }

  function listenToSystem() {
    if (!("mediaSession" in navigator)) return;
    const on = (action, handler) => {
      try {
        navigator.mediaSession.setActionHandler(action, handler);
      } catch (error) {
        /* an action that this browser does not know */
      }
    };
    on("play", () => audio.paused && player.toggle());
    on("pause", () => audio.pause());
    on("nexttrack", () => player.next());
    on("previoustrack", () => player.previous());
    on("seekbackward", () => player.step(-STEP_S));
    on("seekforward", () => player.step(STEP_S));
    on("seekto", ({ seekTime }) => (audio.currentTime = seekTime));
  }
})();
