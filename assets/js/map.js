/* The map: all songs as points, the queue and the journey as paths on it; hover names, click plays, a lasso chooses. */
(() => {
  "use strict";
  const segue = (window.segue = window.segue || {});
  const by = (id) => document.getElementById(id);
  const make = (tag, values, ...children) => {
    const made = Object.assign(document.createElement(tag), values);
    made.append(...children);
    return made;
  };

  const PLOTLY = "/assets/plotly/plotly-gl2d.min.js?v=3.7.0"; // its bundle of flat plots: a third of the whole
  const BUSY_MS = 1000;
  const IDLE_MS = 10000;
  const SETTLE_MS = 200;
  const MOST_FOUND = 500;
  const MOST_WAYPOINTS = 10;
  const MOST_CHOSEN = 1500; // songs that a drawn line makes a queue of
  const NARROW_PX = 500; // narrower, the names of the regions would hide what they name
  const SAMPLE = 100;
  const SHAPED_BELOW = 3000; // with more points, shapes are too small to be told apart
  const GLYPHS = "●■◆▲✚★⬟▼⬢";
  const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "cross", "star", "pentagon", "triangle-down", "hexagon"];

  let atlas = null;
  let colours = null;
  let traces = []; // the rows of each trace
  let regions = [];
  let found = [];
  let chosen = [];
  let only = null;
  let tool = "pan";
  let timer = null;
  let entered = 0;
  let drawnOn = null;
  let view = 0; // another one where the songs lie elsewhere: it is fitted anew

  const kept = (name, usual) => segue.kept(`map-${name}`) ?? usual;
  const colouring = () => kept("by", "region");
  const paper = () => by("map-paper");
  const songs = (count) => segue.sayN("{count} song", "{count} songs", count);

  // Fetching ----------------------------------------------------------------------------------------------------------

  async function look() {
    clearTimeout(timer);
    if (!by("map")) return;
    plotly().catch(() => (loading = null)); // while the points come
    const state = await (ahead ?? segue.mapState());
    ahead = null;
    if (!by("map")) return;
    if (state) await show(state).catch(() => segue.notify(segue.say("The map could not be drawn. Reload the page.")));
    timer = setTimeout(look, state?.running ? BUSY_MS : IDLE_MS);
  }

  async function show(state) {
    const percent = Math.round(100 * state.share);
    const nothing = state.version ? "" : segue.say("There is nothing to draw yet: add some music.");
    const line = state.running ? segue.say("Drawing the map: {percent} %", { percent }) : state.error || nothing;
    by("map-wait").hidden = Boolean(state.version) || !line;
    by("map-wait").textContent = line;
    if (state.version && state.version !== atlas?.version) {
      const fresh = await segue.atlas(state.version);
      if (!fresh) return;
      if (atlas && isMoved(atlas, fresh)) view += 1;
      atlas = fresh;
      regions = state.regions;
      await paint(colouring());
      showRegions();
    } else if (state.version && !by("map").dataset.points) {
      regions = state.regions;
      await paint(colouring());
      showRegions();
    }
    if (!by("map")) return;
    const names = atlas ? `${songs(atlas.count)}` : "";
    by("map-line").textContent = [names, state.version ? line : ""].filter(Boolean).join(". ");
  }

  /* Whether songs of one map lie elsewhere on the next; a sample tells. New songs alone move none. */
  function isMoved(before, after) {
    const step = Math.ceil(before.count / SAMPLE);
    for (let row = 0; row < before.count; row += step) {
      const [now] = segue.atlasRows(after, [before.id(row)]);
      if (now !== undefined && (after.x[now] !== before.x[row] || after.y[now] !== before.y[row])) return true;
    }
    return false;
  }

  const coming = new Map(); // colours that were asked for ahead of time

  async function coloursBy(name) {
    const answer = await fetch(`/api/map/colours?by=${name}`).catch(() => null);
    return answer?.ok ? answer.json() : null;
  }

  /* Fetch what the points are coloured by, and draw. */
  async function paint(name) {
    const told = await (coming.get(name) ?? coloursBy(name));
    coming.delete(name);
    if (!told) return segue.notify(segue.say("The colours of the map could not be had."));
    if (told.version !== atlas.version) return look();
    const codes = Uint8Array.from(atob(told.codes), (letter) => letter.charCodeAt(0));
    colours = { ...told, by: name, codes };
    only = null;
    press("map_by", name);
    await draw();
    showLegend();
  }

  /* The library that draws is large: it is fetched when a map is first wanted. */
  let loading = null;

  function plotly() {
    loading ??= new Promise((done, failed) => {
      const script = make("script", { src: PLOTLY, onload: done });
      script.addEventListener("error", () => failed(new Error("Plotly could not be fetched")));
      document.head.append(script);
    });
    return loading;
  }

  /* Where the page begins with the map, all that it needs comes while the page itself is still put together. */
  let ahead = null;

  if (location.pathname === "/map") {
    plotly().catch(() => (loading = null));
    ahead = segue.mapState().then((state) => {
      if (state?.version) segue.atlas(state.version);
      if (state?.version) coming.set(colouring(), coloursBy(colouring()));
      return state;
    });
  }

  // Drawing -----------------------------------------------------------------------------------------------------------

  const CONFIG = { displayModeBar: false, scrollZoom: true, responsive: true, doubleClick: "reset", displaylogo: false };
  const LETTERS = "abcdefghi";

  function shadeOf(code) {
    if (colours.rest.includes(code)) return segue.colour("map-other");
    return segue.colour(`${colours.ordered ? "step" : "map"}-${LETTERS[code]}`);
  }

  const sizeOf = (count) => (count < 500 ? 12 : count < 3000 ? 8 : count < 20000 ? 5 : 3.5);
  const opacityOf = (count) => (count < 3000 ? 0.95 : count < 20000 ? 0.75 : 0.55);

  async function draw() {
    await plotly();
    if (!by("map")) return;
    const rows = colours.names.map(() => []);
    for (let row = 0; row < atlas.count; row += 1) rows[colours.codes[row]].push(row);
    const marks = segue.atlasRows(atlas, found);
    traces = [...rows, marks];
    const data = rows.map((own, code) => ({
      type: "scattergl",
      mode: "markers",
      name: colours.names[code],
      ...placesOf(own),
      hoverinfo: "none",
      marker: {
        color: shadeOf(code),
        size: sizeOf(atlas.count),
        opacity: only === null || only === code ? opacityOf(atlas.count) : 0.08,
        symbol: atlas.count < SHAPED_BELOW ? SYMBOLS[code % SYMBOLS.length] : "circle",
        line: { width: 0 },
      },
      unselected: { marker: { opacity: 0.12 } },
    }));
    const ring = { color: segue.colour("text"), width: 2 };
    data.push({
      type: "scattergl",
      mode: "markers",
      ...placesOf(marks),
      hoverinfo: "none",
      marker: { color: segue.colour("accent"), size: sizeOf(atlas.count) + 6, line: ring },
    });
    if (drawnOn && drawnOn !== paper()) window.Plotly.purge(drawnOn); // its WebGL is let go: a browser has few
    drawnOn = paper();
    await window.Plotly.react(paper(), data, layout(), CONFIG);
    listen(paper());
    Object.assign(by("map").dataset, { points: atlas.count, by: colours.by, marks: marks.length });
    by("map").dataset.drawnMs ??= Math.round(performance.now() - entered);
  }

  const placesOf = (rows) => ({
    x: Float32Array.from(rows, (row) => atlas.x[row]),
    y: Float32Array.from(rows, (row) => atlas.y[row]),
  });

  /* All of an axis, with some room around. */
  function whole(values) {
    const [low, high] = segue.ends(values);
    const room = Math.max(2000, 0.07 * (high - low));
    return [low - room, high + room];
  }

  function layout() {
    const axis = { visible: false, fixedrange: false };
    return {
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      margin: { l: 0, r: 0, t: 0, b: 0 },
      xaxis: { ...axis, range: whole(atlas.x) },
      yaxis: { ...axis, range: whole(atlas.y), scaleanchor: "x" },
      dragmode: tool,
      hovermode: "closest",
      hoverdistance: 14,
      showlegend: false,
      uirevision: `view ${view}`,
      selectionrevision: atlas.version,
      newselection: { line: { color: segue.colour("accent"), width: 2 } },
      shapes: paths(),
      annotations: labels(),
    };
  }

  /* The names of the regions, each above the most of it. */
  function labels() {
    if (colours.by !== "region" || paper().clientWidth < NARROW_PX) return [];
    return colours.names.map((text, code) => {
      const rows = traces[code];
      const at = (values, share) => {
        const own = Float32Array.from(rows, (row) => values[row]).sort(); // as numbers, and at once
        return own[Math.floor(share * (own.length - 1))];
      };
      return {
        x: at(atlas.x, 0.5),
        y: at(atlas.y, 0.9),
        yanchor: "bottom",
        yshift: 10,
        text: text.replaceAll("&", "&amp;").replaceAll("<", "&lt;"),
        showarrow: false,
        font: { family: "Instrument Sans, sans-serif", size: 12, color: segue.colour("text") },
        bgcolor: segue.colour("raised"),
        bordercolor: segue.colour("line"),
        borderpad: 3,
        opacity: 0.85,
        captureevents: false,
      };
    });
  }

  /* What plays and comes, and the journey, as lines from song to song. */
  function paths() {
    const queue = queueOnMap();
    const journey = segue.atlasRows(atlas, segue.kept("journey-stops") ?? []);
    return [
      ...path(journey, segue.colour("accent"), "dot"),
      ...path(queue, segue.colour("text"), "solid"),
      ...(segue.deck?.current ? segue.atlasRows(atlas, [segue.deck.current.track]) : []).flatMap((row) => [
        circle(row, 11, { line: { color: segue.colour("accent"), width: 3 } }),
        circle(row, 4, { line: { width: 0 }, fillcolor: segue.colour("text") }),
      ]),
    ];
  }

  function path(rows, color, dash) {
    if (rows.length < 2) return [];
    const line = rows.map((row, at) => `${at ? "L" : "M"}${atlas.x[row]},${atlas.y[row]}`).join(" ");
    return [
      { type: "path", path: line, line: { color, width: 2, dash }, opacity: 0.8 },
      ...rows.map((row) => circle(row, 3.5, { line: { width: 0 }, fillcolor: color })),
    ];
  }

  const circle = (row, radius, look) => ({
    type: "circle",
    xsizemode: "pixel",
    ysizemode: "pixel",
    xanchor: atlas.x[row],
    yanchor: atlas.y[row],
    x0: -radius,
    x1: radius,
    y0: -radius,
    y1: radius,
    ...look,
  });

  function queueOnMap() {
    const queue = segue.booth?.queue;
    if (!queue?.current) return [];
    const track = new Map(queue.table.map(([entry, id]) => [entry, id]));
    const upcoming = queue.entries.slice(queue.entries.indexOf(queue.current));
    return segue.atlasRows(atlas, upcoming.map((entry) => track.get(entry)));
  }

  document.addEventListener("segue-queue", () => {
    if (!by("map")?.dataset.points || !atlas || !colours) return;
    const shapes = paths();
    window.Plotly.relayout(paper(), { shapes });
    by("map").dataset.path = queueOnMap().length;
  });

  // Pointing ----------------------------------------------------------------------------------------------------------

  function listen(graph) {
    if (graph.isHeard) return;
    graph.isHeard = true;
    graph.on("plotly_hover", ({ points, event }) => nameIt(rowOf(points[0]), event));
    graph.on("plotly_unhover", () => (by("map-card").hidden = true));
    graph.on("plotly_click", ({ points, event }) => {
      const track = atlas.id(rowOf(points[0]));
      if (event?.pointerType === "touch") nameIt(rowOf(points[0]), event);
      if (kept("click", "play") === "waypoint") segue.acts.waypoint({ track });
      else segue.send("play", { track });
    });
    graph.on("plotly_selected", (selection) => {
      if (selection) choose(selection.points.filter((p) => p.curveNumber < colours.names.length).map(rowOf));
    });
    graph.on("plotly_deselect", () => choose([]));
  }

  const rowOf = ({ curveNumber, pointNumber }) => traces[curveNumber][pointNumber];
  const named = new Map();

  async function nameIt(row, event) {
    const track = atlas.id(row);
    const card = by("map-card");
    card.dataset.track = track;
    if (!named.has(track)) {
      const answer = await fetch(`/api/songs/${track}`).catch(() => null);
      if (answer?.ok) named.set(track, await answer.json());
    }
    const song = named.get(track);
    if (!song || card.dataset.track !== track || !card.isConnected) return;
    card.replaceChildren(
      make("img", { src: `/media/${track}/cover?size=96`, alt: "" }),
      make(
        "span",
        { className: "names" },
        make("span", { className: "title", textContent: song.title }),
        make("span", { className: "by", textContent: song.artist }),
      ),
    );
    card.hidden = false;
    const frame = card.parentElement.getBoundingClientRect();
    const left = event.clientX - frame.left + 14;
    card.style.left = `${Math.max(4, Math.min(left, frame.width - card.offsetWidth - 4))}px`;
    card.style.top = `${Math.max(4, event.clientY - frame.top - card.offsetHeight - 12)}px`;
  }

  /* Songs that were drawn round, in an order that wanders from one to the next. */
  function choose(rows) {
    const most = rows.length > MOST_CHOSEN ? rows.filter((_, at) => at % Math.ceil(rows.length / MOST_CHOSEN) === 0) : rows;
    chosen = wander(most).map((row) => atlas.id(row));
    const bar = by("map-chosen");
    bar.hidden = !rows.length;
    bar.dataset.count = chosen.length;
    const some = { some: segue.number(most.length) };
    const words =
      rows.length === most.length
        ? segue.say("{songs} chosen", { songs: songs(rows.length) })
        : segue.sayN("{some} of {count} song chosen", "{some} of {count} songs chosen", rows.length, some);
    bar.replaceChildren(
      make("span", { textContent: words }),
      act("map_chosen", segue.say("Play"), "play", "solid", { value: "play_list" }),
      act("map_chosen", segue.say("Add to the queue"), "add", "outline", { value: "add_list" }),
      act("map_chosen", segue.say("Use as waypoints"), "journey", "outline", { value: "waypoints" }),
      act("map_chosen", segue.say("Let go"), "remove", "outline", { value: "" }),
    );
    bar.setAttribute("role", "status");
  }

  function act(name, words, drawing, look, data) {
    const button = make(
      "button",
      { type: "button", className: `button ${look} small` },
      make("span", { className: `icon icon-${drawing}` }),
      words,
    );
    Object.assign(button.dataset, { act: name, ...data });
    return button;
  }

  function wander(rows) {
    const left = [...rows].sort((a, b) => atlas.x[a] - atlas.x[b]);
    const way = left.splice(0, 1);
    while (left.length) {
      const [x, y] = [atlas.x[way.at(-1)], atlas.y[way.at(-1)]];
      let best = 0;
      let least = Infinity;
      left.forEach((row, at) => {
        const far = (atlas.x[row] - x) ** 2 + (atlas.y[row] - y) ** 2;
        if (far < least) [best, least] = [at, far];
      });
      way.push(...left.splice(best, 1));
    }
    return way;
  }

  // The lists beside the picture ----------------------------------------------------------------------------------------

  function showLegend() {
    by("map-legend").replaceChildren(
      ...colours.names.map((name, code) => {
        const shape = atlas.count < SHAPED_BELOW ? code % SYMBOLS.length : 0;
        const swatch = make("span", { className: "swatch", textContent: GLYPHS[shape] });
        swatch.style.color = shadeOf(code);
        swatch.setAttribute("aria-hidden", "true");
        const button = make(
          "button",
          { type: "button", className: "legend-entry" },
          swatch,
          name,
          make("span", { className: "dim", textContent: segue.number(colours.counts[code]) }),
        );
        Object.assign(button.dataset, { act: "map_only", code });
        button.setAttribute("aria-pressed", String(only === code));
        button.title = segue.say("Show only these");
        return make("li", {}, button);
      }),
    );
  }

  function showRegions() {
    by("map-regions").replaceChildren(
      ...regions.map(({ name, count }, at) =>
        make(
          "li",
          { className: "region" },
          make(
            "span",
            { className: "names" },
            make("span", { className: "title", textContent: name }),
            make("span", { className: "by", textContent: songs(count) }),
          ),
          labelled(act("map_region", segue.say("Play"), "play", "outline", { at, value: "play_list" }), segue.say("Play the region {name}", { name })),
          labelled(act("map_region", segue.say("Add"), "add", "outline", { at, value: "add_list" }), segue.say("Add the region {name}", { name })),
        ),
      ),
    );
  }

  function labelled(button, words) {
    button.setAttribute("aria-label", words);
    return button;
  }

  function press(name, value) {
    for (const button of document.querySelectorAll(`[data-act="${name}"]`)) {
      button.setAttribute("aria-pressed", String(button.dataset.value === value));
    }
  }

  const enqueue = (kind, tracks) => {
    segue.send(kind, { tracks });
    if (kind === "add_list") segue.notify(segue.sayN("{count} song added to the queue.", "{count} songs added to the queue.", tracks.length), "note");
  };

  // What the listener does ----------------------------------------------------------------------------------------------

  Object.assign((segue.acts ??= {}), {
    map_by: ({ value }) => colourBy(value),
    map_click: ({ value }) => clickDoes(value),
    map_tool: ({ value }) => takeUp(value),
    map_zoom: ({ by: factor }) => zoom(Number(factor)),
    map_only: ({ code }) => showOnly(Number(code)),
    map_region: ({ at, value }) => enqueue(value, regions[at].tracks),
    map_chosen: ({ value }) => useChosen(value),
    map_anew: () => layOutAnew(),
  });

  function colourBy(value) {
    segue.keep("map-by", value);
    if (atlas) paint(value);
  }

  function clickDoes(value) {
    segue.keep("map-click", value);
    press("map_click", value);
  }

  function takeUp(value) {
    tool = value;
    press("map_tool", value);
    if (paper().layout) window.Plotly.relayout(paper(), { dragmode: value });
  }

  function showOnly(code) {
    only = only === code ? null : code;
    draw();
    showLegend();
  }

  function useChosen(value) {
    if (value === "waypoints" && chosen.length > MOST_WAYPOINTS) {
      return segue.notify(
        segue.say("{songs} are many waypoints: choose {most} at most.", { songs: songs(chosen.length), most: MOST_WAYPOINTS }),
        "note",
      );
    }
    if (value === "waypoints") {
      segue.addWaypoints(chosen);
      return segue.go("/journey");
    }
    if (value) enqueue(value, chosen);
    choose([]);
    window.Plotly.relayout(paper(), { selections: [] });
    window.Plotly.restyle(paper(), { selectedpoints: [null] });
  }

  async function layOutAnew() {
    const answer = await fetch("/api/map/anew", { method: "POST" }).catch(() => null);
    if (!answer?.ok) return segue.notify(segue.say("The map cannot be laid out now."));
    segue.notify(segue.say("The map is laid out again; it stands as it is until that is done."), "note");
    look();
  }

  function zoom(factor) {
    if (!atlas) return;
    const ranges = ["xaxis", "yaxis"].map((axis) => [axis, paper().layout[axis].range]);
    const nearer = ranges.map(([axis, [low, high]]) => {
      const [middle, half] = [(low + high) / 2, ((high - low) / 2) * factor];
      return [`${axis}.range`, factor ? [middle - half, middle + half] : whole(atlas[axis[0]])];
    });
    window.Plotly.relayout(paper(), Object.fromEntries(nearer));
  }

  let asking = null;
  let waiting = null;

  document.addEventListener("input", ({ target }) => {
    if (target.id !== "map-search") return;
    clearTimeout(waiting);
    waiting = setTimeout(() => find(target.value.trim()), SETTLE_MS);
  });

  async function find(words) {
    asking?.abort();
    asking = new AbortController();
    found = [];
    let line = songs(atlas?.count ?? 0);
    if (words) {
      const address = `/api/songs?limit=${MOST_FOUND}&words=${encodeURIComponent(words)}`;
      const answer = await fetch(address, { signal: asking.signal }).catch(() => null);
      if (!answer?.ok) return;
      found = (await answer.json().catch(() => ({ songs: [] }))).songs.map(({ id }) => id);
      const values = { songs: songs(found.length), words };
      const isAll = found.length < MOST_FOUND;
      line = isAll ? segue.say("{songs} with “{words}”", values) : segue.say("{songs} or more with “{words}”", values);
    }
    if (!by("map") || !atlas) return;
    by("map-line").textContent = line;
    draw();
  }

  new MutationObserver(() => {
    if (!by("map")?.dataset.points) return;
    draw();
    showLegend();
  }).observe(document.documentElement, { attributeFilter: ["data-mantine-color-scheme"] });

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    segueMap: {
      onMapRoom(room) {
        if (room && by("map")) {
          entered = performance.now();
          [found, chosen, only, tool] = [[], [], null, "pan"];
          press("map_by", colouring());
          press("map_click", kept("click", "play"));
          press("map_tool", tool);
          look();
        }
        return window.dash_clientside.no_update;
      },
    },
  });
})();
