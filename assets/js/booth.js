/* What the page keeps and sends. Commands go to the server one after another, each with the booth as the one before
   left it, so that no two of them can overwrite each other. */
(() => {
  "use strict";
  const segue = (window.segue = window.segue || {});
  const SILENCE_MS = 1500; // after this the page asks whether the server is there at all
  const LOOK_EVERY_MS = 2000; // how often it looks whether a server that went away is back
  const KEPT = new Set(["restore", "advance", "settings"]); // what is sent again then; the rest may be wanted no more
  const GIVE_UP_MS = 30000;
  const SETTLE_MS = 1200; // while a scan runs the server looks at new songs about once a second

  const waiting = [];
  let sent = null;
  let number = 0;
  let timers = [];
  let refreshTimer = null;
  let libraryVersion = null;
  let cleared = false;
  let away = false;
  let asks = false; // whether the server is there
  let own = null; // the booth of this browser, also while another's is shown

  segue.booth = null; // as the server last answered: one's own, or the one that is followed
  segue.deck = null;

  segue.notify = (message, kind = "problem") => {
    const note = {
      action: "show",
      message,
      color: kind === "problem" ? "red" : "glow",
      autoClose: kind === "problem" ? 9000 : 5000,
      className: `toast toast-${kind}`,
      closeButtonProps: { "aria-label": segue.say("Close") },
    };
    window.dash_clientside.set_props("notifications", { sendNotifications: [note] });
  };

  segue.send = (kind, details = {}) => {
    if (away && !KEPT.has(kind)) return segue.notify(AWAY);
    if (segue.party.keeps(kind, details)) return;
    if (kind === "play") segue.player.foresee(details.track);
    waiting.push({ kind, ...details });
    sendNext();
  };

  segue.isWaiting = () => sent !== null || waiting.length > 0;

  function sendNext() {
    if (sent || away || waiting.length === 0) return;
    number += 1;
    sent = { ...waiting.shift(), ...segue.party.words(), number };
    document.body.classList.add("is-sending");
    window.dash_clientside.set_props("command", { data: { ...sent, booth: sent.follows ? segue.booth : own } });
    timers = [setTimeout(segue.askWhetherThere, SILENCE_MS), setTimeout(giveUp, GIVE_UP_MS)];
  }

  function release() {
    timers.forEach(clearTimeout);
    timers = [];
    sent = null;
    document.body.classList.remove("is-sending");
  }

  const ping = () => fetch("/api/ping", { cache: "no-store" });

  segue.askWhetherThere = async () => {
    if (away || asks || number === 0) return; // nothing of the page stands before its first command
    asks = true;
    await ping().catch(segue.isAway);
    asks = false;
  };

  function giveUp() {
    release();
    waiting.length = 0;
    segue.notify(segue.say("Segue takes too long to answer. Try it again."));
  }

  const AWAY = segue.say("Segue does not answer. Is it still running?");

  /* The server is away: a line says so until it is back, and then the page goes on where it was. */
  segue.isAway = () => {
    if (away) return;
    away = true;
    const kept = [sent, ...waiting].filter((command) => KEPT.has(command?.kind));
    release();
    waiting.splice(0, waiting.length, ...kept);
    document.getElementById("player-away").textContent = `${AWAY} ${segue.say("The music goes on when it is back.")}`;
    setTimeout(look, LOOK_EVERY_MS);
  };

  async function look() {
    const answer = await ping().catch(() => null);
    if (!answer || answer.status >= 500) return setTimeout(look, LOOK_EVERY_MS);
    away = false;
    document.getElementById("player-away").textContent = "";
    segue.player.returned();
    document.dispatchEvent(new CustomEvent("segue-back")); // for who asked in vain meanwhile
    sendNext();
  }

  /* The server's answer to the command that is under way. */
  segue.answered = (answer) => {
    if (!sent || answer.number !== sent.number) return;
    const command = sent;
    release();
    if (!command.follows) {
      own = answer.booth;
      segue.keep("booth", own);
    }
    if (command.follows !== segue.party.follows) return sendNext(); // it was asked before another booth was followed
    segue.booth = answer.booth;
    segue.deck = answer.deck;
    if (command.kind !== "restore" && command.kind !== "refresh") cleared = command.kind === "clear";
    // the player has gone on; this answer knew nothing of it
    const isAhead = waiting.some(({ kind }) => kind === "advance") || segue.party.isAhead(answer.deck);
    segue.player.follow(answer.deck, command, isAhead);
    segue.showSettings();
    document.dispatchEvent(new CustomEvent("segue-queue", { detail: command })); // for what else shows it
    sendNext();
  };

  segue.failed = () => {
    release();
    sendNext();
  };

  /* What the two dials were last set to, though the server may not have answered yet. */
  const settings = () => [sent, ...waiting].findLast((command) => command?.kind === "settings") ?? segue.booth;

  /* "Keep on" and "Drunk" stand as they were left; moving them sends a command, showing them does not. */
  segue.showSettings = () => {
    const { lookback, noise } = settings();
    window.dash_clientside.set_props("lookback", { value: lookback });
    window.dash_clientside.set_props("noise", { value: noise });
    document.getElementById("lookback-value").textContent = lookback;
    document.getElementById("noise-value").textContent = noise ? `${Math.round(100 * noise)}\u00a0%` : segue.say("sober");
  };

  segue.set = (name, value) => {
    if (!segue.deck || value === null || value === undefined) return; // before the first answer they stand anyhow
    const { lookback, noise } = settings();
    if (value === { lookback, noise }[name]) return;
    segue.send("settings", { lookback, noise, [name]: value });
  };

  /* Among new songs there may be better ones to follow, unless the listener wants the queue short. */
  segue.heedVersion = (version = libraryVersion) => {
    const chosenFrom = segue.kept("library") ?? libraryVersion;
    libraryVersion = version;
    if (!version || chosenFrom === version) return;
    if (!chosenFrom) return segue.keep("library", version); // the first visit: nothing was chosen before
    clearTimeout(refreshTimer);
    refreshTimer = setTimeout(() => {
      if (segue.party.follows) return; // one's own queue is not here
      segue.keep("library", version);
      if (!segue.isWaiting()) segue.chooseAnew();
    }, SETTLE_MS);
  };

  /* What Segue chose gives way to what it would choose now, unless the listener wants the queue short. */
  segue.chooseAnew = () => {
    if (segue.deck?.current && !cleared) segue.send("refresh");
  };

  segue.boot = () => {
    own = segue.kept("booth");
    segue.player.boot();
    segue.page.boot();
    segue.party.boot();
    segue.music.look();
    segue.send("restore");
  };
})();
