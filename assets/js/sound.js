/* The sound: two audio elements. One leads; the other waits with the next song, or dies away under it. Where Web Audio
   may run, each goes through a gain for its loudness and one for its fade; where it may not, plain volume does both. */
(() => {
  "use strict";
  const segue = (window.segue = window.segue || {});
  const EDGE_S = 0.03; // what is broken off dies away within this, so that nothing clicks...
  const LEAST_S = 0.01; // ...and where nothing fades, one song takes the other's place within this,
  const OVERLAP_S = 0.08; // which has so long to end
  const TICK_MS = 40;
  const IDLE_MS = 5000; // a page that is silent for so long lets the sound card rest
  const POINTS = 129;
  const USUAL_START_S = 0.03; // from play() until an element says that it plays, before that has been measured...
  const UNHEARD_S = 0.03; // ...and from then until it is heard
  const rising = (along) => Math.sin((along * Math.PI) / 2);
  const falling = (along) => Math.cos((along * Math.PI) / 2);
  const now = () => performance.now() / 1000;

  function makeDeck() {
    const audio = new Audio();
    audio.preload = "auto";
    /* is_out: its song is over; heard_s: what was heard of it before it had to be fetched again */
    return { audio, song: null, told: false, is_out: false, heard_s: 0, gain_db: 0, quiet: null, even: null, fade: null };
  }

  const decks = [makeDeck(), makeDeck()];
  let lead = decks[0];
  let rest = decks[1];
  let fade = null; // while both sound, or are about to: the old deck, the seconds, how far it is
  let context = null;
  let out = null;
  let ticker = null;
  let idle = null;
  let level = 1;
  let muted = false;
  let start_s = USUAL_START_S;
  let onOut = () => {};
  let onRefused = () => {};

  const loudness = (deck) => (sound.isEven ? 10 ** (deck.gain_db / 20) : 1);

  // Web Audio ---------------------------------------------------------------------------------------------------------

  /* Browsers let sound begin with a gesture of the listener; until then, and where they refuse, plain volume serves. */
  function wake() {
    if (!("AudioContext" in window)) return;
    if (!context) {
      context = new AudioContext({ latencyHint: "balanced" });
      context.addEventListener("statechange", () => {
        if (context.state !== "running" && sounds(lead)) context.resume().catch(() => {}); // a call has come between
        wire();
      });
    }
    if (context.state !== "running" && context.state !== "closed") context.resume().catch(() => {});
    wire();
    if (out) restSoon(); // it was a key or a click that plays nothing, perhaps
  }

  function wire() {
    if (out || context.state !== "running") return;
    out = new GainNode(context, { gain: level }); // some systems let no page set an element's own volume
    out.connect(context.destination);
    for (const deck of decks) {
      deck.even = new GainNode(context, { gain: loudness(deck) });
      deck.fade = new GainNode(context);
      new MediaElementAudioSourceNode(context, { mediaElement: deck.audio }).connect(deck.even);
      deck.even.connect(deck.fade).connect(out);
      deck.audio.volume = 1;
      if (deck.course) move(deck, deck.course.shape, along(deck), deck.course.to, left(deck));
    }
  }

  function restSoon() {
    clearTimeout(idle);
    idle = setTimeout(() => out && decks.every(({ audio }) => audio.paused) && context.suspend(), IDLE_MS);
  }

  const share = ({ began, seconds }) => (seconds > 0 ? Math.min(1, (now() - began) / seconds) : 1);
  const left = ({ course }) => course.seconds * (1 - share(course));
  const along = ({ course }) => course.from + (course.to - course.from) * share(course);

  /* Let a deck's fade go along a shape, from where to where, in so many seconds. */
  function move(deck, shape, from, to, seconds) {
    deck.course = { shape, from, to, seconds, began: now() };
    if (!out) {
      ticker ??= setInterval(tick, TICK_MS);
      return tick();
    }
    const { gain } = deck.fade;
    gain.cancelScheduledValues(0);
    if (seconds > 0) {
      const points = Float32Array.from({ length: POINTS }, (_, i) => shape(from + ((to - from) * i) / (POINTS - 1)));
      gain.setValueCurveAtTime(points, context.currentTime, seconds);
    } else gain.setValueAtTime(shape(to), context.currentTime);
  }

  function tick() {
    for (const deck of decks) {
      const faded = deck.course ? deck.course.shape(along(deck)) : 1;
      if (!out) deck.audio.volume = Math.min(1, level * loudness(deck) * faded);
    }
    if (out || decks.every((deck) => !deck.course || share(deck.course) === 1)) {
      clearInterval(ticker);
      ticker = null;
    }
  }

  // From one song to the next -----------------------------------------------------------------------------------------

  function label() {
    lead.audio.id = "segue-audio";
    rest.audio.id = "segue-audio-rest";
  }

  const sounds = ({ audio, song }) => Boolean(song) && !audio.paused && !audio.ended && audio.readyState > 1;

  /* Both sound from now on. */
  function begin() {
    const seconds = fade.seconds * (1 - fade.along);
    Object.assign(fade, { began: now(), running: true });
    move(lead, rising, fade.along, 1, seconds);
    const { old } = fade;
    const die = () => {
      move(old, falling, fade.along, 1, seconds);
      fade.timer = setTimeout(finish, 1000 * seconds + TICK_MS);
    };
    if (fade.seconds > LEAST_S) die();
    else fade.timer = setTimeout(die, 1000 * OVERLAP_S); // it ends by itself, and this one is not heard at once
  }

  function finish() {
    const { old } = fade;
    fade = null;
    old.audio.pause();
    onOut(old);
  }

  const progress = () => {
    if (!fade?.running) return fade?.along ?? 1;
    return Math.min(1, fade.along + (now() - fade.began) / fade.seconds);
  };

  /* Both stand still as they are. */
  function hold() {
    if (!fade?.running) return;
    clearTimeout(fade.timer);
    Object.assign(fade, { along: progress(), running: false });
    move(lead, rising, fade.along, fade.along, 0);
    move(fade.old, falling, fade.along, fade.along, 0);
  }

  const sound = (segue.sound = {
    isEven: true,
    wake,
    begins: (handlers) => ({ onOut, onRefused } = handlers),
    get lead() {
      return lead;
    },
    get rest() {
      return rest;
    },
    get isFading() {
      return fade !== null;
    },
    get dying() {
      return fade?.old ?? null;
    },
    get context() {
      return context;
    },
    get out() {
      return out;
    },
    get start_s() {
      return start_s + UNHEARD_S;
    },
    get muted() {
      return muted;
    },
    get level() {
      return level;
    },

    boot() {
      label();
      document.body.append(...decks.map(({ audio }) => audio));
      for (const event of ["pointerdown", "keydown", "click"]) document.addEventListener(event, wake, true);
      for (const { audio } of decks) audio.addEventListener("pause", restSoon);
    },

    /* Give a deck a song, from a moment on; one that dies away there is let die first. */
    load(deck, song, at_s = 0) {
      Object.assign(deck, { song, told: false, is_out: false, heard_s: 0, gain_db: song.gain_db });
      const number = (deck.number = (deck.number ?? 0) + 1);
      const set = () => {
        if (deck.number !== number) return;
        deck.audio.src = song.src;
        if (deck.even) deck.even.gain.value = loudness(deck);
        move(deck, rising, 1, 1, 0);
        if (at_s <= 0) return;
        const seek = () => deck.number === number && (deck.audio.currentTime = at_s);
        deck.audio.addEventListener("loadedmetadata", seek, { once: true });
      };
      if (deck.quiet) deck.quiet.then(set);
      else set();
    },

    /* A deck's song is known better now. */
    adopt(deck, song) {
      Object.assign(deck, { song, gain_db: song.gain_db });
      if (deck.even) deck.even.gain.value = loudness(deck);
    },

    unload(deck) {
      if (fade) sound.settle();
      deck.song = null;
      deck.number = (deck.number ?? 0) + 1;
      deck.audio.pause();
      deck.audio.removeAttribute("src");
      deck.audio.load();
    },

    /* The deck that waits leads from now on; where the other sounds, that dies away when this one has begun. */
    swap(seconds) {
      sound.settle();
      const old = lead;
      [lead, rest] = [rest, old];
      old.is_out = true;
      label();
      if (!sounds(old)) {
        old.audio.pause();
        move(lead, rising, 1, 1, 0);
        onOut(old);
        return;
      }
      fade = { old, seconds: Math.max(seconds, LEAST_S), along: 0, running: false };
      move(lead, rising, 0, 0, 0);
    },

    /* End a fade at once: the old song breaks off, without a click. */
    settle() {
      if (!fade) return;
      const { old } = fade;
      const at = progress();
      clearTimeout(fade.timer);
      fade = null;
      move(lead, rising, at, 1, segue.player.SKIP_S);
      move(old, falling, at, 1, EDGE_S);
      old.quiet = new Promise((done) => setTimeout(done, 2000 * EDGE_S)).then(() => {
        old.quiet = null;
        old.audio.pause();
      });
      onOut(old);
    },

    play() {
      wake();
      const deck = lead;
      const asked = now();
      const start = () => {
        if (deck === lead) return deck.audio.play();
      };
      const started = deck.quiet ? deck.quiet.then(start) : start();
      if (fade && fade.old.audio.paused && !fade.old.audio.ended) fade.old.audio.play().catch(() => {});
      started
        .then(() => {
          if (deck !== lead || deck.audio.paused) return;
          if (deck.audio.readyState > 3) start_s = 0.7 * start_s + 0.3 * Math.min(0.2, now() - asked);
          if (fade && !fade.running) begin();
        })
        .catch((error) => onRefused(error));
    },

    pause() {
      hold();
      lead.audio.pause();
      fade?.old.audio.pause();
    },

    /* Die away and stop, unless something else is begun meanwhile. */
    lull(seconds, done) {
      sound.settle();
      const { number } = lead;
      move(lead, falling, 0, 1, seconds);
      const { course } = lead;
      setTimeout(() => {
        if (lead.course !== course || lead.number !== number) return;
        done();
        move(lead, rising, 1, 1, 0);
      }, 1000 * seconds + TICK_MS);
    },

    set(values) {
      ({ level = level, muted = muted } = values);
      for (const { audio } of decks) audio.muted = muted;
      if (out) out.gain.setTargetAtTime(level, context.currentTime, EDGE_S / 3);
      else tick();
    },

    setEven(on) {
      sound.isEven = on;
      for (const deck of decks) deck.even?.gain.setTargetAtTime(loudness(deck), context.currentTime, EDGE_S);
      if (!out) tick();
    },
  });
})();
