/* The room in which Segue listens: sound goes to the server piece by piece, and what it makes of it is shown. */
(() => {
  "use strict";
  const segue = (window.segue = window.segue || {});
  const PIECE_S = 0.8;
  const MOST_WAITING_S = 20; // while the server does not answer; what is older is lost
  const MOST_BLOCKS = 100; // in one piece, 820 kB: the server takes no more than 1.5 MB
  const METER_EVERY_MS = 150;
  const LOWEST_DB = -60;
  const BEFORE_SHOWN = 8;
  const KINDS = { music: segue.say("Music"), speech: segue.say("Somebody speaks"), noise: segue.say("Steady noise"), silence: segue.say("Silence") };
  const SIGNAL = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const INSECURE =
    segue.say("Browsers give a microphone only to pages of this computer, or over https. Open Segue on the computer that runs it, at http://127.0.0.1 with its port.");
  const REFUSED = {
    NotAllowedError: segue.say("The microphone was not allowed. Allow it at the left of the browser's address, and press Listen again."),
    NotFoundError: segue.say("There is no microphone. Plug one in, and press Listen again."),
    NotReadableError: segue.say("The microphone cannot be used; another program may hold it. Close that, and press Listen again."),
  };

  const WAITS = segue.say("Listening. The first answer takes ten seconds of music.");

  let hearing = null; // { session, stream, context, node, blocks, number, lost, isSending }
  let playing = null;
  let peak = 0;

  const by = (id) => document.getElementById(id);
  const says = (words, isProblem = false) => {
    if (!by("live-says")) return;
    by("live-says").textContent = words;
    by("live-says").classList.toggle("problem", isProblem);
  };

  Object.assign((segue.acts ??= {}), {
    listen: () => (hearing ? stop(segue.say("It listens no more. Nothing of what was heard is kept.")) : start()),
  });

  async function start() {
    if (!window.isSecureContext || !navigator.mediaDevices) return says(INSECURE, true);
    const mine = (hearing = { blocks: [], number: 0, lost: 0, isSending: false });
    show();
    says(segue.say("Allow the microphone, and hold it to the music."));
    try {
      mine.stream = await navigator.mediaDevices.getUserMedia({ audio: SIGNAL });
      mine.context = new AudioContext();
      await mine.context.audioWorklet.addModule("/assets/js/live-worklet.js");
      mine.session = (await post("/api/live")).session;
    } catch (error) {
      if (hearing === mine) stop(REFUSED[error.name] || error.message, true);
      else release(mine);
      return;
    }
    if (hearing !== mine) return release(mine); // stopped while the browser asked
    const source = mine.context.createMediaStreamSource(mine.stream);
    mine.node = new AudioWorkletNode(mine.context, "segue-hearing");
    mine.node.port.onmessage = ({ data }) => take(mine, data);
    source.connect(mine.node).connect(mine.context.destination); // it gives no sound, but is asked for some
    mine.stream.getAudioTracks()[0].addEventListener("ended", () => stop(segue.say("The microphone is gone."), true));
    says(
      segue.player.isPlaying
        ? segue.say("Listening, and playing: the microphone will hear Segue's own player too.")
        : WAITS,
    );
    by("live-found").hidden = false;
  }

  function stop(words, isProblem = false) {
    const mine = hearing;
    hearing = playing = null;
    if (mine) release(mine);
    says(words, isProblem);
    show();
  }

  function release({ stream, context, session, node }) {
    if (node) node.port.onmessage = null;
    stream?.getTracks().forEach((track) => track.stop());
    context?.close();
    if (session) navigator.sendBeacon(`/api/live/${session}/end`);
  }

  async function post(address, body) {
    const answer = await fetch(address, { method: "POST", body }).catch(() => null);
    if (!answer) throw new Error(segue.say("Segue does not answer. Is it still running?"));
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.error);
    return said;
  }

  // Sending -----------------------------------------------------------------------------------------------------------

  function take(mine, block) {
    if (hearing !== mine) return;
    for (const sample of block) peak = Math.max(peak, Math.abs(sample));
    mine.blocks.push(block);
    const rate = mine.context.sampleRate;
    const waiting_s = (mine.blocks.length * block.length) / rate;
    if (waiting_s > MOST_WAITING_S) {
      mine.blocks.splice(0, mine.blocks.length / 2);
      mine.number += 1; // so that the server knows of the gap
    }
    if (waiting_s >= PIECE_S && !mine.isSending) send(mine, rate);
  }

  async function send(mine, rate) {
    mine.isSending = true;
    const piece = Int16Array.from(
      mine.blocks.splice(0, MOST_BLOCKS).flatMap((block) => [...block]),
      (sample) => Math.max(-32768, Math.min(32767, Math.round(32768 * sample))),
    );
    try {
      const answer = await post(`/api/live/${mine.session}?rate=${Math.round(rate)}&number=${mine.number}`, piece);
      if (hearing === mine) hear(mine, answer);
    } catch (error) {
      if (hearing === mine) stop(error.message, true);
    }
    mine.number += 1;
    mine.isSending = false;
  }

  function hear(mine, { moments, lost }) {
    moments.forEach(tell);
    const isAnswered = moments.some(({ next }) => next.length);
    if (isAnswered && by("live-says")?.textContent === WAITS) says(segue.say("Listening."));
    if (lost > mine.lost) says(segue.say("Some of the sound was lost: Segue's computer does not keep up. It listens on."), true);
    mine.lost = lost;
  }

  // Showing -----------------------------------------------------------------------------------------------------------

  function element(tag, className, ...children) {
    const made = Object.assign(document.createElement(tag), { className });
    made.append(...children);
    return made;
  }

  function button(act, label, drawing, track) {
    const made = element("button", "button round", element("span", `icon icon-${drawing}`));
    Object.assign(made, { type: "button", title: label });
    Object.assign(made.dataset, { act, track });
    made.setAttribute("aria-label", label);
    return made;
  }

  function row({ id, title, artist, why }) {
    const picture = Object.assign(element("img", "cover"), { src: `/media/${id}/cover?size=96`, alt: "" });
    const names = element("span", "names", element("span", "title", title), element("span", "by", artist));
    const main = element("button", "row-main", element("span", "art", picture, element("span", "icon icon-play")), names);
    main.type = "button";
    main.setAttribute("aria-label", segue.say("Play {title} by {artist}", { title, artist }));
    Object.assign(main.dataset, { act: "play", track: id });
    const made = element("li", "row", main);
    made.dataset.of = id;
    made.append(button("play_next", segue.say("Play next: {title}", { title }), "next-up", id), button("add", segue.say("Add to the queue: {title}", { title }), "add", id));
    if (why) made.append(Object.assign(element("p", "why", why), { title: why }));
    return made;
  }

  function tell(moment) {
    if (!by("live-now")) return;
    if (playing && moment.playing?.id !== playing.id) remember(playing);
    playing = moment.playing;
    const kind = element("p", "live-kind", moment.clipped ? segue.say("{kind}, too loud for the microphone", { kind: KINDS[moment.kind] }) : KINDS[moment.kind]);
    const artist = playing?.artist || segue.say("an unknown artist");
    const [before, after] = segue.say("This sounds like {title} by {artist}", { artist }).split("{title}");
    const song = playing ? element("p", "live-song", before, element("b", "", playing.title), after) : "";
    by("live-now").replaceChildren(kind, song);
    by("live-next").replaceChildren(...moment.next.map(({ track_id, title, artist, why }) => row({ id: track_id, title, artist, why })));
  }

  function remember(song) {
    const list = by("live-before");
    list.prepend(row(song));
    while (list.children.length > BEFORE_SHOWN) list.lastChild.remove();
  }

  function show() {
    const toggle = by("live-toggle");
    if (!toggle) return;
    toggle.lastChild.textContent = hearing ? segue.say("Stop listening") : segue.say("Listen");
    toggle.setAttribute("aria-label", hearing ? segue.say("Stop listening") : segue.say("Listen to the room"));
    toggle.setAttribute("aria-pressed", String(Boolean(hearing)));
    showLevel(LOWEST_DB);
  }

  function showLevel(db) {
    const share = Math.max(0, Math.min(100, Math.round(100 * (1 - db / LOWEST_DB))));
    by("live-level").style.setProperty("--share", `${share}%`);
    by("live-meter").setAttribute("aria-valuenow", String(share));
  }

  setInterval(() => {
    if (!hearing || !by("live-level")) return;
    showLevel(20 * Math.log10(Math.max(peak, 1e-6)));
    peak = 0;
  }, METER_EVERY_MS);

  // Whoever leaves the room, or the page, is not listened to.
  window.addEventListener("pagehide", () => hearing && stop(""));
  new MutationObserver(() => hearing && document.body.dataset.room !== "/live" && stop("")).observe(document.body, {
    attributes: true,
    attributeFilter: ["data-room"],
  });
})();
