/* The journey: its waypoints and wishes are kept in the browser, half made or whole, and go to the server as one. */
(() => {
  "use strict";
  const segue = (window.segue = window.segue || {});
  const props = (id, values) => window.dash_clientside.set_props(id, values);
  const by = (id) => document.getElementById(id);
  const whole = (text) => Number.parseInt(text, 10);

  const MOST_STEPS = 60;
  const FEW = 8; // songs that the search offers
  const SETTLE_MS = 150;
  const NEW = {
    via: [],
    by: "songs",
    between: 4,
    minutes: 45,
    mode: "shortest",
    arc: "none",
    loop: false,
    pins: {},
    never: [],
    kept: null, // the songs between, by position; null has the way found anew
    legs: null,
    taken: [],
    before: {}, // what stood at a position until it was chosen anew
  };

  let state = null;
  let past = [];
  let future = [];
  let number = 0;
  let stops = [];

  const kept = () => ({ ...NEW, ...(segue.kept("journey") ?? {}) });

  // Asking ------------------------------------------------------------------------------------------------------------

  function ask(more = {}) {
    segue.keep("journey", state);
    if (!by("journey")) return;
    number += 1;
    props("journey-asked", { data: { ...state, ...more, number } });
    showWishes();
  }

  /* One change, which can be taken back. What was found stays only where the change says so. */
  function change(values, more) {
    past = [...past.slice(-MOST_STEPS), state];
    future = [];
    state = { ...state, ...values };
    ask(more);
  }

  /* Another way: the songs between are chosen anew, and what was pinned to a place on the old way is let go. */
  function anew(values) {
    const moves = ["via", "by", "between", "minutes", "loop"].some((name) => name in values);
    if (moves && Object.keys(state.pins).length) segue.notify("The places have moved: nothing is pinned now.", "note");
    change({ kept: null, legs: null, taken: [], before: {}, ...(moves ? { pins: {} } : {}), ...values });
  }

  function step(from, to) {
    if (!from.length) return;
    to.push(state);
    state = from.pop();
    ask();
  }

  // What the listener does ----------------------------------------------------------------------------------------------

  const acts = Object.assign((segue.acts ??= {}), {
    waypoint: ({ track }) => addWaypoint(track),
    waypoint_remove: ({ place }) => anew({ via: state.via.filter((_, at) => at !== whole(place)) }),
    waypoint_move: ({ place, by: step }) => moveWaypoint(whole(place), whole(place) + whole(step)),
    journey_wish: ({ name, value }) => wish(name, value),
    journey_undo: () => step(past, future),
    journey_redo: () => step(future, past),
    journey_anew: () => anew({ never: [], pins: {} }),
    journey_reroll: ({ position, track }) => reroll(position, track),
    journey_pin: ({ position, track }) => pin(position, track),
    journey_take: ({ position, track }) => take(position, track),
    journey_play: ({ track }) => segue.send("play_list", { tracks: from(track) }),
    journey_add: () => {
      segue.send("add_list", { tracks: from() });
      segue.notify(segue.say("The journey is in the queue."), "note");
    },
    journey_save: ({ kind }) => segue.savePlaylist(from(), { kind, name: segue.say("Journey") }),
    journey_mix: () => segue.go(`/mix?tracks=${from().join(",")}`),
  });

  const from = (track) => {
    const tracks = stops.map(([, id]) => id);
    return tracks.slice(Math.max(0, track ? tracks.indexOf(track) : 0));
  };

  /* From any room: the song becomes the next waypoint of the journey that is kept. */
  function addWaypoint(track) {
    state = state ?? kept();
    if (state.via.includes(track)) return segue.notify(segue.say("It is a waypoint already."), "note");
    anew({ via: [...state.via, track] });
    const words = segue.say("Waypoint {count} of your journey.", { count: state.via.length });
    if (!by("journey")) segue.notify(words, "note");
  }

  segue.addWaypoints = (tracks) => {
    state = state ?? kept();
    const fresh = tracks.filter((track) => !state.via.includes(track));
    if (fresh.length) anew({ via: [...state.via, ...fresh] });
  };

  function moveWaypoint(place, to) {
    const via = [...state.via];
    if (to < 0 || to >= via.length || to === place) return;
    via.splice(to, 0, ...via.splice(place, 1));
    focusNext = `.waypoint[data-place="${to}"] [data-act="waypoint_move"][data-by="${to > place ? 1 : -1}"]`;
    anew({ via });
  }

  function wish(name, value) {
    const values = name === "loop" ? { loop: value === "yes" } : { [name]: value };
    if (state[name] === values[name]) return;
    if (name === "mode" && value === "smoothest" && state.arc !== "none") {
      values.arc = "none";
      segue.notify(segue.say("The smallest steps take no regard of energy."), "note");
    }
    if (name === "arc" && value !== "none" && state.mode === "smoothest") {
      values.mode = "shortest";
      segue.notify(segue.say("Energy is for the straight way: that is taken now."), "note");
    }
    anew(values);
  }

  function reroll(position, track) {
    const without = [...(state.before[position] ?? []), track];
    focusNext = `.stop[data-position="${position}"] [data-act="journey_reroll"]`;
    change({ before: { ...state.before, [position]: without } }, { reroll: whole(position), without });
  }

  function pin(position, track) {
    const pins = { ...state.pins };
    const songs = { ...state.kept };
    if (pins[position]) {
      delete pins[position];
      songs[position] = track;
    } else {
      pins[position] = track;
      delete songs[position];
    }
    focusNext = `.stop[data-position="${position}"] [data-act="journey_pin"]`;
    change({ pins, kept: songs });
  }

  function take(position, track) {
    const songs = { ...state.kept };
    const pins = { ...state.pins };
    delete songs[position];
    delete pins[position];
    const at = [...document.querySelectorAll(".stop")].findIndex((row) => row.dataset.position === position);
    focusNext = `.stop:nth-child(${at + 1}) .row-main`;
    change({ kept: songs, pins, taken: [...state.taken, whole(position)], never: [...state.never, track] });
  }

  // What is shown -----------------------------------------------------------------------------------------------------

  let focusNext = null;

  function showWishes() {
    for (const button of document.querySelectorAll('[data-act="journey_wish"]')) {
      const { name, value } = button.dataset;
      const now = name === "loop" ? (state.loop ? "yes" : "no") : state[name];
      button.setAttribute("aria-pressed", String(now === value));
    }
    showLength();
    const mix = document.querySelector('[data-act="journey_mix"]');
    if (mix) mix.hidden = !document.querySelector('a.place[href^="/mix"]'); // where there is a room for it
    const tools = { journey_undo: past.length, journey_redo: future.length };
    for (const [act, steps] of Object.entries(tools)) {
      for (const button of document.querySelectorAll(`[data-act="${act}"]`)) button.disabled = !steps;
    }
  }

  const LENGTHS = {
    songs: { name: "between", label: segue.say("Songs between two waypoints"), min: 0, max: 20, step: 1, said: (n) => `${n}` },
    minutes: { name: "minutes", label: segue.say("Minutes in all"), min: 10, max: 300, step: 5, said: (n) => segue.say("{minutes} min", { minutes: n }) },
  };

  /* One slider, for the number of songs or for the minutes. */
  function showLength() {
    const { name, label, min, max, step, said } = LENGTHS[state.by];
    const place = by("journey-length");
    let input = place.querySelector("input");
    if (!input) {
      input = Object.assign(document.createElement("input"), { type: "range", className: "range" });
      place.append(input, document.createElement("output"));
      input.addEventListener("input", () => showValue(input));
      input.addEventListener("change", () => {
        const wanted = whole(input.value);
        if (wanted !== state[LENGTHS[state.by].name]) anew({ [LENGTHS[state.by].name]: wanted });
      });
    }
    Object.assign(input, { min, max, step, value: state[name] });
    input.setAttribute("aria-label", label);
    showValue(input);

    function showValue({ value }) {
      const words = LENGTHS[state.by].said(whole(value));
      input.setAttribute("aria-valuetext", words);
      input.style.setProperty("--share", `${(100 * (value - input.min)) / (input.max - input.min)}%`);
      place.querySelector("output").textContent = words;
    }
  }

  function found(answer) {
    if (!answer || answer.number !== number) return;
    stops = answer.stops;
    if (stops.length) state = { ...state, kept: answer.kept, legs: answer.legs };
    segue.keep("journey", state);
    segue.journeyStops = stops.map(([, id]) => id);
    segue.keep("journey-stops", segue.journeyStops);
    requestAnimationFrame(() => {
      showWishes();
      if (focusNext) document.querySelector(focusNext)?.focus();
      focusNext = null;
      segue.smallMap(by("journey-map"), segue.journeyStops, state.via);
    });
  }

  function enter() {
    const room = by("journey");
    state = kept();
    past = [];
    future = [];
    const named = room.dataset.via.split(",").filter(Boolean);
    if (named.length && String(named) !== String(state.named)) {
      state = { ...NEW, by: state.by, between: state.between, minutes: state.minutes, via: named, named };
    }
    offer(by("journey-search"));
    ask();
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    segueJourney: {
      onJourneyRoom(room) {
        if (room) enter();
        return window.dash_clientside.no_update;
      },
      onJourneyFound(answer) {
        found(answer);
        return window.dash_clientside.no_update;
      },
    },
  });

  // Picking a waypoint by its name --------------------------------------------------------------------------------------

  let asking = null;
  let timer = null;

  function offer(field) {
    const list = by("journey-choices");
    for (const [name, value] of [
      ["role", "combobox"],
      ["aria-controls", "journey-choices"],
      ["aria-autocomplete", "list"],
      ["aria-expanded", "false"],
    ]) {
      field.setAttribute(name, value);
    }
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", segue.say("Songs"));
    field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => look(field, list), SETTLE_MS);
    });
    field.addEventListener("keydown", (event) => inChoices(event, field, list));
    field.addEventListener("blur", () => setTimeout(() => close(field, list), SETTLE_MS));
    list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
    list.addEventListener("click", ({ target }) => choose(target.closest("li"), field, list));
  }

  async function look(field, list) {
    const words = field.value.trim();
    asking?.abort();
    if (!words) return close(field, list);
    asking = new AbortController();
    const address = `/api/songs?limit=${FEW}&words=${encodeURIComponent(words)}`;
    const answer = await fetch(address, { signal: asking.signal }).catch(() => null);
    if (!answer?.ok) return;
    const { songs } = await answer.json().catch(() => ({}));
    if (!songs || field.value.trim() !== words) return;
    list.replaceChildren(...(songs.length ? songs.map(choice) : [nothing(words)]));
    list.hidden = false;
    field.setAttribute("aria-expanded", "true");
    mark(field, list, 0);
  }

  function choice({ id, title, artist }, at) {
    const row = Object.assign(document.createElement("li"), { id: `journey-choice-${at}`, className: "choice-row" });
    row.setAttribute("role", "option");
    row.dataset.track = id;
    const picture = Object.assign(document.createElement("img"), { src: `/media/${id}/cover?size=96`, alt: "" });
    const names = Object.assign(document.createElement("span"), { className: "names" });
    names.append(
      Object.assign(document.createElement("span"), { className: "title", textContent: title }),
      Object.assign(document.createElement("span"), { className: "by", textContent: artist }),
    );
    row.append(picture, names);
    return row;
  }

  function nothing(words) {
    return Object.assign(document.createElement("li"), { className: "dim", textContent: segue.say("Nothing holds “{words}”", { words }) });
  }

  const options = (list) => [...list.querySelectorAll("[role=option]")];
  const marked = (list) => options(list).findIndex((row) => row.getAttribute("aria-selected") === "true");

  function mark(field, list, at) {
    const rows = options(list);
    rows.forEach((row, place) => row.setAttribute("aria-selected", String(place === at)));
    if (rows[at]) field.setAttribute("aria-activedescendant", rows[at].id);
    else field.removeAttribute("aria-activedescendant");
    rows[at]?.scrollIntoView({ block: "nearest" });
  }

  function inChoices(event, field, list) {
    const rows = options(list);
    const at = marked(list);
    const keys = {
      ArrowDown: () => mark(field, list, Math.min(rows.length - 1, at + 1)),
      ArrowUp: () => mark(field, list, Math.max(0, at - 1)),
      Enter: () => choose(rows[at], field, list),
      Escape: () => close(field, list),
    };
    if (!keys[event.key] || list.hidden) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  }

  function choose(row, field, list) {
    if (!row?.dataset.track) return;
    props("journey-search", { value: "" });
    close(field, list);
    acts.waypoint({ track: row.dataset.track });
    field.focus();
  }

  function close(field, list) {
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }

  // Dragging a waypoint to another place --------------------------------------------------------------------------------

  let dragged = null;
  const waypoint = (target) => target.closest?.(".waypoint");

  document.addEventListener("dragstart", ({ target }) => {
    dragged = waypoint(target);
    dragged?.classList.add("is-dragged");
  });
  document.addEventListener("dragover", (event) => {
    if (dragged && waypoint(event.target)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    const onto = waypoint(event.target);
    if (!dragged || !onto) return;
    event.preventDefault();
    moveWaypoint(whole(dragged.dataset.place), whole(onto.dataset.place));
  });
  document.addEventListener("dragend", () => {
    dragged?.classList.remove("is-dragged");
    dragged = null;
  });
})();
