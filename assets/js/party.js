/* Booths that are open to each other. An open one says what it plays; who follows it asks every so often, shows its
   queue and plays its song, and sends no command that would change a queue. One's own queue waits until that ends. */
(() => {
  "use strict";
  const segue = (window.segue = window.segue || {});
  const SAY_SOON_MS = 150; // several things change at once when a song begins
  const ASK_EVERY_MS = 2000; // how often who follows asks, and who is open speaks
  const APART_S = 1; // farther from the other's place than this, the song is sought
  const AHEAD_MS = 10000; // so long may this player have gone on to the next song before the other does
  const MOST_MISSED = 4; // so often closed in a row is closed
  const OPINIONS = ["like", "dislike", "rate", "never", "allow", "forget"];
  const SAVES = ["save_list", "save_radio", "rename_list", "rename_radio", "delete_list", "delete_radio", "take_back"];
  const FREE = new Set(["restore", ...OPINIONS, ...SAVES]); // what whoever follows may do
  const ASKS = new Set(["play", "play_next", "add"]); // ...and what becomes a question
  const QUIET = new Set(["refresh"]);
  const tabs = "BroadcastChannel" in window ? new BroadcastChannel("segue-party") : null;
  const page = Math.random().toString(36).slice(2);

  const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (one) => one.toString(16).padStart(2, "0")).join("");
  let own = null; // key, name, takes: of this browser; open: of this tab, so that two tabs are not one booth
  let follows = null; // id and name of the booth that is followed
  let other = null; // what it last said, and when
  let stamp = null; // of the queue that is shown
  let ahead = null; // the entry from which this player has gone on, and until when that counts
  let missed = 0; // how often it was closed when this booth asked
  let held = false; // the other has paused, so that this player begins again when it does
  let played = false; // whether this player played when it began to follow
  let followers = 0;
  let sayTimer = null;
  let told = ""; // what the server was told of this booth
  let isShown = false; // until the dialog is opened its fields say nothing

  const set_props = (id, values) => window.dash_clientside.set_props(id, values);
  const by = (id) => document.getElementById(id);
  const ofTab = (name, value) => {
    try {
      if (value === undefined) return JSON.parse(sessionStorage.getItem(`segue.${name}`));
      sessionStorage.setItem(`segue.${name}`, JSON.stringify(value));
    } catch (error) {
      /* private windows: it ends with the page */
    }
    return null;
  };

  async function post(address, body, options = {}) {
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(address, { method: "POST", headers, body: JSON.stringify(body), ...options }).catch(() => null);
    if (!answer) return {}; // the page says elsewhere that the server is away
    return answer.status === 204 ? {} : answer.json().catch(() => ({}));
  }

  // One's own booth ---------------------------------------------------------------------------------------------------

  const isOpen = () => own.open && !follows;

  async function say() {
    clearTimeout(sayTimer);
    sayTimer = null;
    if (!isOpen()) return;
    const { song, audio, isPlaying } = segue.player;
    const playing = song ? { entry: song.entry, track: song.track, at_s: audio.currentTime, plays: isPlaying } : {};
    const { error, asked = [], followers: number = followers } = await post("/api/booths", { ...own, ...playing });
    if (error) {
      close();
      segue.notify(error);
    } else followers = number;
    for (const { track, title } of asked) {
      segue.send("add", { track, asked: true });
      segue.notify(segue.say("Somebody asked for “{title}”.", { title }), "note");
    }
    show();
  }

  const saySoon = () => (sayTimer ??= setTimeout(say, SAY_SOON_MS));

  async function open() {
    if (!own.name.trim()) {
      close();
      return segue.notify(segue.say("Give this booth a name first."));
    }
    ofTab("open", true);
    tabs?.postMessage("open"); // another tab of this browser is its booth no longer
    await say();
    if (isOpen()) segue.send("restore"); // so that what it holds is known at once
  }

  function close() {
    post("/api/booths/closed", { key: own.key }, { keepalive: true });
    giveWay();
  }

  function giveWay() {
    own.open = false;
    ofTab("open", false);
    set_props("party-open", { checked: false });
    show();
  }

  /* What the fields of the dialog say. */
  function set(values) {
    const [[name, value]] = Object.entries(values);
    if (!isShown || value === undefined || own[name] === value) return;
    own[name] = value;
    if (name === "open") own.name = by("party-name")?.value ?? own.name; // what is typed is told a moment later
    segue.keep("party", { key: own.key, name: own.name, takes: own.takes });
    if (name === "open") return value ? open() : close();
    if (own.open) say();
  }

  // Another's booth ---------------------------------------------------------------------------------------------------

  function follow(id, name) {
    if (own.open) close();
    if (!follows) {
      played = segue.player.isPlaying;
      segue.player.keepPosition();
    }
    begin({ id, name });
    held = true; // it is to play as soon as the other does
    set_props("party", { opened: false });
    ask();
  }

  function begin(whom) {
    follows = whom;
    [other, stamp, ahead, missed] = [null, null, null, 0];
    ofTab("follows", follows);
    show();
  }

  function unfollow() {
    if (!follows) return;
    begin(null);
    if (!played) segue.player.pause();
    segue.send("restore");
    segue.heedVersion(); // songs may have come meanwhile
  }

  async function ask() {
    if (!follows) return;
    const { id } = follows;
    const answer = await fetch(`/api/booths/${id}?by=${page}`, { cache: "no-store" }).catch(() => null);
    if (!answer || answer.status >= 500 || follows?.id !== id) return; // it may be back in a moment
    other = answer.ok ? { ...(await answer.json()), heard_ms: performance.now() } : { open: false };
    missed = other.open ? 0 : missed + 1;
    if (missed > 0 && missed < MOST_MISSED) return; // it may be loading its page anew
    if (!other.open) {
      segue.notify(segue.say("“{name}” has closed. Your own queue is back.", { name: follows.name }), "note");
      return unfollow();
    }
    if (other.stamp !== stamp || (!isAhead(other) && segue.player.song?.entry !== other.entry)) mirror();
    else keepUp();
  }

  /* Show what the other holds now. */
  function mirror() {
    if (segue.isWaiting()) return;
    stamp = other.stamp;
    segue.send("restore");
  }

  const isAhead = ({ entry }) => ahead !== null && ahead.entry === entry && performance.now() < ahead.until_ms;

  /* Where the other is in a song by now; 0 in one that it does not play. */
  function place({ entry }) {
    if (other?.entry !== entry) return 0;
    return other.at_s + (other.plays ? (performance.now() - other.heard_ms) / 1000 : 0);
  }

  /* Play as the other does, unless the listener has paused here. */
  function keepUp() {
    const { player } = segue;
    if (!other || !player.song || player.song.entry !== other.entry) return;
    if (!other.plays) {
      held ||= player.isPlaying;
      if (player.isPlaying) player.pause();
    } else if (held) {
      held = false; // where the browser refuses, the listener has to press play
      if (!player.isPlaying) player.play();
    }
    const at_s = place(other);
    if (Math.abs(player.audio.currentTime - at_s) > APART_S && at_s < player.length - APART_S) player.goTo(at_s);
  }

  function explain() {
    segue.notify(segue.say("You follow “{name}”. Stop following to have your own queue back.", { name: follows.name }), "note");
  }

  async function askFor(track) {
    const { error } = await post(`/api/booths/${follows.id}/songs`, { track });
    if (error) segue.notify(error);
    else segue.notify(segue.say("“{name}” is asked for it.", { name: follows?.name }), "note");
  }

  /* Whether a command is not for the server, since another's booth is followed. */
  function keeps(kind, { track, entry }) {
    if (!follows || FREE.has(kind)) return false;
    if (kind === "advance") {
      ahead = { entry, until_ms: performance.now() + AHEAD_MS };
      stamp = null; // the next answer says what comes then
    } else if (ASKS.has(kind)) askFor(track);
    else if (!QUIET.has(kind)) explain();
    if (kind === "settings") segue.showSettings();
    return true;
  }

  // What is shown -----------------------------------------------------------------------------------------------------

  function openWords() {
    const { name } = own;
    if (!own.open) return "";
    if (!followers) return segue.say("Open to others as “{name}”", { name });
    return segue.sayN(
      "Open to others as “{name}”, {count} follows",
      "Open to others as “{name}”, {count} follow",
      followers,
      { name },
    );
  }

  function show() {
    const words = follows ? segue.say("Following “{name}”", { name: follows.name }) : openWords();
    for (const line of document.querySelectorAll(".party-line")) {
      line.hidden = !own.open && !follows;
      const says = line.querySelector(".party-says");
      if (says.textContent !== words) says.textContent = words;
      line.querySelector("[data-act=unfollow]").hidden = !follows;
    }
    document.body.classList.toggle("is-following", Boolean(follows));
    const now = { key: own.key, follows: follows?.id ?? "" };
    if (JSON.stringify(now) === told) return; // each telling is a request
    told = JSON.stringify(now);
    set_props("party-own", { data: now });
  }

  Object.assign((segue.acts ??= {}), {
    party: () => showDialog(),
    follow: ({ booth, name }) => follow(booth, name),
    unfollow: () => unfollow(),
    bring: ({ booth }) => bring(booth),
  });

  function showDialog() {
    isShown = true;
    set_props("party", { opened: true });
    set_props("party-name", { value: own.name });
    set_props("party-open", { checked: own.open });
    set_props("party-takes", { checked: own.takes });
  }

  function bring(id) {
    segue.send("bring", { from: id });
    set_props("party", { opened: false });
  }

  segue.party = {
    set,
    keeps,
    explain,
    place,
    isAhead: (deck) => Boolean(follows && deck.current && isAhead(deck.current)),
    get follows() {
      return follows?.id;
    },
    /* What every command says of where it comes from. */
    words: () => (follows ? { follows: follows.id } : own.open ? { key: own.key } : {}),
    boot() {
      own = { key: newKey(), name: "", takes: true, ...segue.kept("party"), open: ofTab("open") === true };
      follows = ofTab("follows");
      for (const event of ["play", "pause", "seeked"]) document.addEventListener(event, saySoon, true);
      document.addEventListener("segue-queue", saySoon);
      setInterval(() => (follows ? ask() : saySoon()), ASK_EVERY_MS);
      if (own.open) saySoon();
      if (tabs) tabs.onmessage = () => own.open && giveWay();
      window.addEventListener("pagehide", () => isOpen() && post("/api/booths/closed", { key: own.key }, { keepalive: true }));
      show();
    },
  };
})();
