/* How long the queue goes on: endlessly, or for so many songs or minutes more. It is kept over a reload. */
(() => {
  "use strict";
  const segue = (window.segue = window.segue || {});
  const LULL_S = 5; // when the minutes are over the sound dies away within this
  const TICK_S = 5; // more cannot have been heard between two ticks of the sound
  const USUAL = { songs: 5, minutes: 30 };
  const MOST = { songs: 500, minutes: 1440 };
  const ENDLESS = { kind: "endless", left: 0 };
  const CHOICES = [
    ["endless", segue.say("endlessly")],
    ["song", segue.say("to the end of this song")],
    ["songs", segue.say("for so many songs")],
    ["minutes", segue.say("for so many minutes")],
  ];
  const by = (id) => document.getElementById(id);

  let last_ms = 0; // when the sound last ticked
  let lulled_ms = -Infinity; // when it last began to die away
  let state = ENDLESS; // "songs" counts the one that plays; "over" is what has ended, and "was" what was chosen

  function set(kind, left = 0, was = undefined) {
    state = { kind, left, was };
    segue.keep("ending", state);
    segue.player.replan();
    segue.bar.describe();
    show();
  }

  function over() {
    set("over", 0, state.kind === "minutes" ? "minutes" : "song");
    segue.player.pause();
  }

  segue.ending = {
    set,
    show,
    get isLast() {
      return state.kind === "songs" && state.left <= 1;
    },
    /* A song was heard to its end. */
    songEnded() {
      if (state.kind !== "songs") return;
      if (state.left <= 1) over();
      else set("songs", state.left - 1);
    },
    /* The sound goes on, because somebody wants it to. */
    plays() {
      last_ms = performance.now();
      if (state.kind === "over") set("endless");
    },
    tick() {
      const now_ms = performance.now();
      const heard_s = Math.min(TICK_S, (now_ms - last_ms) / 1000);
      last_ms = now_ms;
      if (state.kind === "minutes" && segue.player.isPlaying) {
        state = { kind: "minutes", left: Math.max(0, state.left - heard_s / 60) };
        if (state.left === 0 && now_ms > lulled_ms + 1000 * (LULL_S + 1)) {
          lulled_ms = now_ms;
          segue.sound.lull(LULL_S, over);
        }
      }
      showLeft();
    },
    /* Kept from time to time, as the position in the song is. */
    keep: () => state.kind === "minutes" && segue.keep("ending", state),
    boot() {
      const kept = segue.kept("ending");
      if (kept && ["songs", "minutes", "over"].includes(kept.kind) && kept.left >= 0) state = kept;
      make();
      show();
    },
  };

  Object.assign((segue.acts ??= {}), {
    go_on: () => {
      set("endless");
      segue.player.goOn();
    },
  });

  // What it shows -----------------------------------------------------------------------------------------------------

  function make() {
    const choice = Object.assign(document.createElement("select"), { id: "ending-kind", className: "choose" });
    for (const [value, words] of CHOICES) choice.append(Object.assign(document.createElement("option"), { value, textContent: words }));
    const count = Object.assign(document.createElement("input"), { id: "ending-count", type: "number", min: 1, className: "choose count" });
    const label = Object.assign(document.createElement("label"), { textContent: segue.say("Goes on"), htmlFor: "ending-kind" });
    by("ending").prepend(label, choice, count);
    choice.addEventListener("change", () => {
      if (choice.value === "song") set("songs", 1);
      else set(choice.value, USUAL[choice.value]);
    });
    count.addEventListener("change", () => {
      const wanted = Math.round(Number(count.value)) || USUAL[state.kind];
      set(state.kind, Math.min(MOST[state.kind], Math.max(1, wanted)));
    });
  }

  function show() {
    const { kind, left, was = "song" } = state;
    const isOver = kind === "over";
    by("ending-kind").value = isOver ? was : kind === "songs" && left === 1 ? "song" : kind;
    const count = by("ending-count");
    count.hidden = isOver || !["songs", "minutes"].includes(by("ending-kind").value);
    if (!count.hidden && document.activeElement !== count) count.value = Math.ceil(left);
    count.max = MOST[kind] ?? 1;
    count.setAttribute("aria-label", kind === "minutes" ? segue.say("Minutes") : segue.say("Songs"));
    by("ending-over").hidden = !isOver;
    mark();
    showLeft();
  }

  /* How much is still to come, as far as the lengths of the songs are known. */
  function leftWords() {
    const { kind, left } = state;
    if (kind === "minutes") return segue.say("{time} left", { time: segue.bar.clock(60 * left) });
    if (kind !== "songs" || !segue.player.song) return "";
    const lengths = (segue.deck?.lengths_s ?? []).slice(0, left - 1);
    const known_s = lengths.reduce((sum, length_s) => sum + length_s, segue.player.length);
    const unknown = left - 1 - lengths.length;
    const total_s = known_s - segue.player.audio.currentTime + (unknown * known_s) / (lengths.length + 1);
    const time = segue.bar.clock(total_s);
    if (unknown) return segue.sayN("{count} song, about {time} left", "{count} songs, about {time} left", left, { time });
    return segue.sayN("{count} song, {time} left", "{count} songs, {time} left", left, { time });
  }

  function showLeft() {
    const words = leftWords();
    if (by("ending-left").textContent !== words) by("ending-left").textContent = words;
  }

  /* A line in the queue before the first song that is not played any more. */
  function mark() {
    const style = by("ending-style") ?? document.head.appendChild(Object.assign(document.createElement("style"), { id: "ending-style" }));
    style.textContent = state.kind === "songs" ? `.next-songs > .row:nth-child(${state.left}) { --ends: ${JSON.stringify(segue.say("It ends here"))}; }` : "";
  }
})();
