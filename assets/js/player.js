/* The player: it follows the deck that the server answers, lets one song go over into the next as the deck says, tells
   the server afterwards, and hears the operating system's media keys. The sound itself is sound.js's, the bar bar.js's. */
(() => {
  "use strict";
  const segue = (window.segue = window.segue || {});
  const STEP_S = 10;
  const VOLUME_STEP = 0.05;
  const RESTART_S = 3; // "previous" within the first seconds goes back a song, later it starts the song again
  const KEEP_EVERY_MS = 2000;
  const AHEAD_S = 1.2; // so long before a song goes over into the next a timer takes the place of the sound's own ticks
  const HEARD_S = 30; // a song that was heard for so long is what the next one follows
  const FORESEEN = "foreseen"; // in place of the entry of a song that is fetched, and may be asked for...
  const FORESEEN_MS = 3000; // ...within this
  const MOST_ERRORS = 5; // songs in a row that would not play
  const PLAYS = new Set(["play", "play_list", "play_saved", "play_radio", "seed", "bring", "jump", "advance", "back"]);
  const LEAVES = new Set(["play", "play_list", "play_saved", "play_radio", "seed", "bring", "jump", "back", "remove", "never", "undo", "redo"]); // the listener left a song

  const others = "BroadcastChannel" in window ? new BroadcastChannel("segue") : null;
  const tab = Math.random().toString(36).slice(2);

  let sound; // segue.sound, whose script may be read after this one
  let before = null; // the last track that was really heard
  let errors = 0;
  let refused = false;
  let wants = false; // whether there should be sound
  let timer = null;
  let at_s = 0; // where the song was when it last sounded

  const song = () => sound.lead.song;
  const audio = () => sound.lead.audio;
  const breaksOff = () => song()?.ends_s ?? Infinity;
  const length = () => Math.min(breaksOff(), Number.isFinite(audio().duration) ? audio().duration : song()?.duration_s || 0);
  const isOver = () => audio().ended || audio().currentTime >= breaksOff() - 0.05;
  const isSame = (one, other) => Boolean(one && other) && one.entry === other.entry && one.track === other.track;
  const isCurrent = () => isSame(song(), segue.deck?.current);
  const nextUp = () => (isCurrent() ? segue.deck.next : null);

  // What was heard ----------------------------------------------------------------------------------------------------

  function heardOf({ audio: { played }, heard_s }) {
    let heard = heard_s;
    for (let i = 0; i < played.length; i += 1) heard += played.end(i) - played.start(i);
    return heard;
  }

  /* Report what became of a song that is over: how much of it was heard, and whether it ended by itself. */
  function leave(deck, ended = false) {
    if (!deck.song || deck.told || deck.song.ends_s !== null) return; // of a song that is broken off nothing is learnt
    if (segue.party.follows) return; // nor of one that was another's choice
    const { track, origin } = deck.song;
    const heard = heardOf(deck);
    if (heard === 0) return;
    deck.told = true;
    const body = JSON.stringify({ track, before, heard_s: heard, ended, origin });
    const headers = { "Content-Type": "application/json" };
    fetch("/api/heard", { method: "POST", headers, body, keepalive: true }).catch(() => {
      /* the music goes on without it */
    });
    if (ended || heard >= HEARD_S) before = track;
  }

  function onOut(deck) {
    if (deck.plays_out) leave(deck, true);
    deck.plays_out = false;
    prepare();
    segue.bar.show();
  }

  // From song to song -------------------------------------------------------------------------------------------------

  const startOf = (entry) => (segue.deck.fade && isSame(nextUp(), entry) ? segue.deck.fade.start_s : 0);

  /* The next song waits, loaded, where it begins to sound. */
  function prepare() {
    const next = nextUp();
    if (!next || sound.isFading) return;
    const { rest } = sound;
    if (isSame(rest.song, next) && !rest.is_out) rest.song = next;
    else sound.load(rest, next, startOf(next));
  }

  /* A song that is asked for, or has a finger on it, is fetched before the server has said that it plays. */
  function foresee(track) {
    if (!track || sound.isFading || track === song()?.track || (isForeseen() && sound.rest.song.track === track)) return;
    sound.load(sound.rest, { entry: FORESEEN, track, src: `/media/${track}/audio`, gain_db: 0 });
    setTimeout(prepare, FORESEEN_MS); // if nothing came of it
  }

  const isForeseen = () => sound.rest.song?.entry === FORESEEN;

  /* Another song leads from now on; what sounds dies away under it. */
  function change(entry, { starts_s = 0, fade_s = segue.player.SKIP_S } = {}) {
    replan();
    const { rest } = sound;
    if (isForeseen() && rest.song.track === entry.track) sound.adopt(rest, entry);
    const waits = isSame(rest.song, entry) && !rest.is_out && !rest.quiet;
    const isReady = waits && !rest.audio.error && starts_s === 0;
    if (isReady || !audio().paused) {
      sound.settle();
      if (!isReady) sound.load(rest, entry, starts_s || startOf(entry));
      sound.swap(fade_s);
    } else sound.load(sound.lead, entry, starts_s);
    at_s = starts_s;
    segue.bar.describe();
  }

  /* In how many seconds the song goes over into the next, and for how long both then sound. */
  function due() {
    const plan = segue.deck?.fade;
    if (!plan || !nextUp() || audio().paused || sound.isFading || isLast()) return null;
    const left_s = Math.min(plan.end_s ?? Infinity, length()) - audio().currentTime;
    const fade_s = plan.gapless ? 0 : Math.min(plan.fade_s, segue.player.fade_s);
    const early_s = fade_s > 0 ? 0 : sound.start_s;
    return { in_s: left_s - fade_s - early_s, fade_s: Math.max(0, Math.min(fade_s, left_s)) };
  }

  function watch() {
    const turn = due();
    if (turn && turn.in_s < AHEAD_S) timer ??= setTimeout(turnOver, Math.max(0, 1000 * turn.in_s));
    else if ((!nextUp() || isLast()) && !audio().paused && isOver()) onward();
  }

  function turnOver() {
    timer = null;
    const turn = due();
    if (!turn || turn.in_s > 0.03) return watch(); // it was sought, or held, meanwhile
    goOver(turn);
  }

  /* An album that runs on keeps its balance. */
  function balance(next) {
    const { lead, rest } = sound;
    if (!segue.deck.fade?.gapless) return;
    next.gain_db = Math.min(lead.gain_db, next.most_gain_db);
    if (isSame(rest.song, next)) sound.adopt(rest, next);
  }

  function goOver({ fade_s }) {
    const from = song().entry;
    const next = nextUp();
    sound.lead.plays_out = true;
    segue.ending.songEnded();
    balance(next);
    change(next, { fade_s });
    play();
    segue.send("advance", { entry: from });
  }

  /* On to the next song: the listener wants it, or this one has ended. */
  function onward() {
    const from = song() ? song().entry : null;
    const next = nextUp();
    const isEnd = isOver();
    const stops = isLast() && isEnd;
    if (next || isEnd) leave(sound.lead, isEnd);
    if (isEnd) segue.ending.songEnded();
    if (next) {
      if (isEnd) balance(next);
      change(next);
      if (!stops) play();
    } else if (song() && isEnd) sound.pause();
    segue.send("advance", { entry: from });
  }

  function play() {
    refused = false;
    wants = true;
    segue.ending.plays();
    others?.postMessage({ plays: tab });
    sound.play();
    segue.bar.show();
  }

  function pause() {
    wants = false;
    sound.pause();
  }

  /* When one song goes over into the next is found out anew. */
  function replan() {
    clearTimeout(timer);
    timer = null;
  }

  const isLast = () => segue.ending.isLast;

  function onRefused(error) {
    if (error.name === "NotAllowedError") {
      refused = true;
      wants = false;
      sound.settle();
      segue.notify(segue.say("The browser waits for you: press play."), "note");
    }
    segue.bar.show();
  }

  function seek(to_s) {
    if (!song()) return;
    sound.settle();
    replan();
    at_s = Math.min(Math.max(0, to_s), Math.max(0, length() - 0.5));
    audio().currentTime = at_s;
    segue.bar.showTime();
  }

  // What does not play ------------------------------------------------------------------------------------------------

  async function onError() {
    const failed = song();
    if (!failed || !audio().getAttribute("src")) return;
    let reason = "";
    try {
      const answer = await fetch(failed.src, { headers: { Range: "bytes=0-0" } });
      if (!answer.ok) reason = (await answer.text()).trim();
    } catch (error) {
      segue.isAway(); // it goes on where it was when the server is back
      segue.bar.show();
      return;
    }
    if (failed.entry !== song()?.entry || !audio().error) return; // any command may have renewed the song meanwhile
    errors += 1;
    if (!reason && at_s > 0 && errors === 1) return again(); // the way to it was broken, and is no more
    sound.lead.told = true; // what could not be played tells nothing of the listener
    segue.notify(reason || segue.say("“{title}” cannot be played in this browser.", { title: failed.title }));
    if (errors >= MOST_ERRORS) {
      errors = 0;
      segue.notify(segue.say("Several songs in a row would not play; the player has stopped."));
      pause();
      segue.bar.show();
    } else onward();
  }

  /* A song that broke off is fetched again from where it was. */
  function again() {
    const { lead } = sound;
    const heard_s = heardOf(lead);
    sound.load(lead, song(), at_s);
    lead.heard_s = heard_s;
    if (wants) play();
  }

  /* The server is back: what waits for it asks anew, since browsers may take a minute to do so. */
  function returned() {
    if (song() && (audio().error || (wants && audio().readyState < 3))) again();
    prepare();
  }

  // What the server answered ------------------------------------------------------------------------------------------

  function follow(deck, command, isAhead = false) {
    const current = deck.current;
    const isLeft = song() && !isSame(song(), current);
    if (isLeft && isAhead) return;
    if (isLeft && (LEAVES.has(command.kind) || (command.kind === "advance" && command.entry === song().entry)))
      leave(sound.lead, command.kind === "advance" && isOver());
    if (!current) {
      if (song()) sound.unload(sound.lead);
    } else if (!song() || isLeft) {
      start(current, deck.next, command);
    } else {
      sound.lead.song = current;
      if (command.kind === "play" || command.kind === "jump") {
        if (command.kind === "play") seek(0);
        play();
      } else if (wants && isOver() && deck.next) onward(); // it had ended with nothing to follow it; now there is something
    }
    prepare();
    segue.bar.describe();
  }

  function start(current, next, { kind }) {
    const plays = PLAYS.has(kind) || (song() !== null && wants);
    const { follows, place } = segue.party;
    const kept = kind === "restore" && !follows ? segue.kept("position") : null;
    if (isSame(kept, next)) {
      change(next, { starts_s: kept.at_s }); // the page was left before the server had heard of it
      segue.send("advance", { entry: current.entry });
    } else if (follows) change(current, { starts_s: place(current) });
    else change(current, { starts_s: isSame(kept, current) ? kept.at_s : 0 });
    if (plays) play();
  }

  function keepPosition() {
    segue.ending.keep();
    if (song() && !segue.party.follows) segue.keep("position", { entry: song().entry, track: song().track, at_s: audio().currentTime || at_s });
  }

  // What the listener does --------------------------------------------------------------------------------------------

  /* Who follows another's booth goes where that goes. */
  const leads = (act) => (value) => (segue.party.follows ? segue.party.explain() : act(value));
  const skip = leads(onward);
  const step = leads((seconds) => seek(audio().currentTime + seconds));
  const previous = leads(() => {
    if (audio().currentTime > RESTART_S || !segue.deck?.has_previous) seek(0);
    else segue.send("back", { entry: song().entry });
  });

  const player = (segue.player = {
    STEP_S,
    VOLUME_STEP,
    get audio() {
      return audio();
    },
    get song() {
      return song();
    },
    get length() {
      return length();
    },
    get isPlaying() {
      return Boolean(song()) && !audio().paused;
    },
    get refused() {
      return refused;
    },
    get upNext() {
      return nextUp();
    },
    tellSystem,
    tellPosition,
    foresee,
    follow,
    returned,
    goTo: seek,
    keepPosition,
    seek: leads(seek),
    play,
    pause,
    toggle() {
      if (!song()) segue.send("advance", { entry: null });
      else if (audio().paused) play();
      else pause();
    },
    next: skip,
    previous,
    step,
    mute: () => setVolume({ muted: !sound.muted }),
    setVolume: (level) => setVolume({ level, muted: false }),
    louder: (by) => setVolume({ level: Math.min(1, Math.max(0, sound.level + by)), muted: false }),
    replan,
    goOn: () => (song() && !isOver() ? play() : onward()),
    setSound(values) {
      const chosen = { fade_s: player.fade_s, even: sound.isEven, ...values };
      segue.keep("sound", chosen);
      player.fade_s = chosen.fade_s;
      if (chosen.even !== sound.isEven) sound.setEven(chosen.even);
      replan();
    },
    boot() {
      sound = segue.sound;
      const { fadeS, skipS } = document.getElementById("player").dataset;
      player.SKIP_S = Number(skipS);
      player.fade_s = Number(fadeS);
      sound.begins({ onOut, onRefused });
      sound.boot();
      listenToSound();
      listenToSystem();
      const onPress = ({ target }) => foresee(target.closest?.('[data-act="play"]')?.dataset.track);
      document.addEventListener("pointerdown", onPress, true);
      const kept = segue.kept("sound");
      if (kept) player.setSound(kept);
      segue.bar.boot();
      segue.ending.boot();
      setVolume(segue.kept("volume") ?? {});
      segue.bar.describe();
    },
  });

  function setVolume({ level, volume = level, muted }) {
    sound.set({ level: volume, muted });
    segue.keep("volume", { volume: sound.level, muted: sound.muted });
    segue.bar.showVolume();
  }

  function listenToSound() {
    const ifLeads = (deck, handler) => () => deck === sound.lead && handler();
    for (const deck of [sound.lead, sound.rest]) {
      const on = (event, handler) => deck.audio.addEventListener(event, ifLeads(deck, handler));
      for (const event of ["play", "pause", "playing", "waiting", "loadedmetadata", "seeked", "emptied"])
        on(event, () => segue.bar.show());
      on("playing", () => (errors = 0));
      on("pause", keepPosition);
      on("timeupdate", () => {
        if (audio().currentTime > 0) at_s = audio().currentTime;
        segue.bar.showTime();
        segue.ending.tick();
        watch();
      });
      on("ended", onward);
      on("error", onError);
      on("stalled", () => player.isPlaying && audio().readyState < 3 && segue.askWhetherThere());
    }
    window.addEventListener("pagehide", () => {
      keepPosition();
      if (sound.dying?.plays_out) leave(sound.dying, true);
    });
    setInterval(() => player.isPlaying && keepPosition(), KEEP_EVERY_MS);
    if (others)
      others.onmessage = ({ data }) => {
        if (data.plays !== tab && !audio().paused) pause(); // another tab plays now
      };
  }

  function tellSystem() {
    if (!("mediaSession" in navigator)) return;
    const playing = song();
    navigator.mediaSession.metadata = playing
      ? new MediaMetadata({
          title: playing.title,
          artist: playing.artist,
          album: playing.album,
          artwork: [
            { src: playing.thumb, sizes: "96x96" },
            { src: playing.cover, sizes: "512x512" },
          ],
        })
      : null;
  }

  /* The lock screen counts on by itself from here. */
  function tellPosition() {
    if (!("mediaSession" in navigator)) return;
    navigator.mediaSession.playbackState = !song() ? "none" : player.isPlaying ? "playing" : "paused";
    const duration = length();
    if (!song() || !(duration > 0)) return navigator.mediaSession.setPositionState?.();
    const position = Math.min(duration, Math.max(0, audio().currentTime));
    navigator.mediaSession.setPositionState?.({ duration, position, playbackRate: 1 });
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
    on("play", () => audio().paused && player.toggle());
    on("pause", pause);
    on("stop", pause);
    on("nexttrack", skip);
    on("previoustrack", previous);
    on("seekbackward", ({ seekOffset }) => step(-(seekOffset || STEP_S)));
    on("seekforward", ({ seekOffset }) => step(seekOffset || STEP_S));
    on("seekto", ({ seekTime }) => player.seek(seekTime));
  }
})();
