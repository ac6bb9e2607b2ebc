/* Where the songs lie on the map: fetched once, and kept for every room that draws it. */
(() => {
  "use strict";
  const segue = (window.segue = window.segue || {});

  let held = null;
  let coming = null;
  let rowOf = null;

  const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

  /* x and y (0 to 65535) of each song, and its id; null while there is no map. */
  segue.atlas = async (version) => {
    if (held && (!version || held.version === version)) return held;
    coming ??= fetched(version).finally(() => (coming = null));
    return coming;
  };

  async function fetched(version) {
    const state = version ? { version } : await segue.mapState();
    if (!state?.version) return null;
    const answer = await fetch("/api/map/points").catch(() => null);
    if (!answer?.ok) return null;
    const data = await answer.arrayBuffer();
    const count = data.byteLength / 12;
    const places = new Uint16Array(data, 0, 2 * count);
    const bytes = new Uint8Array(data, 4 * count);
    const x = Float32Array.from({ length: count }, (_, row) => places[2 * row]);
    const y = Float32Array.from({ length: count }, (_, row) => places[2 * row + 1]);
    const id = (row) => {
      let text = "";
      for (let at = 8 * row; at < 8 * row + 8; at += 1) text += hex[bytes[at]];
      return text;
    };
    rowOf = null;
    held = { version: state.version, count, x, y, id };
    return held;
  }

  segue.mapState = async () => {
    const answer = await fetch("/api/map", { cache: "no-store" }).catch(() => null);
    return answer?.ok ? answer.json() : null;
  };

  /* The rows of songs that are on the map, in their order. */
  segue.atlasRows = (atlas, tracks) => {
    if (!tracks.length) return [];
    rowOf ??= new Map(Array.from({ length: atlas.count }, (_, row) => [atlas.id(row), row]));
    return tracks.map((track) => rowOf.get(track)).filter((row) => row !== undefined);
  };

  /* The map as it is held, or as it is now where songs have come that the one held does not know. */
  async function atlasWith(tracks) {
    const atlas = await segue.atlas();
    if (!atlas || segue.atlasRows(atlas, tracks).length === tracks.length) return atlas;
    const state = await segue.mapState();
    return state?.version ? segue.atlas(state.version) : atlas;
  }

  const ends = (values) => [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  segue.ends = ends;

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  segue.colour = colour;

  /* A small map with a way on it: the songs as dust, the stops as dots, the waypoints as rings. */
  segue.smallMap = async (canvas, stops, waypoints) => {
    const atlas = canvas && (await atlasWith([...stops, ...waypoints]));
    if (!canvas?.isConnected) return;
    const scale = window.devicePixelRatio || 1;
    canvas.width = canvas.clientWidth * scale;
    canvas.height = canvas.clientHeight * scale;
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, canvas.width, canvas.height);
    if (!atlas) return;
    const [left, right, low, high] = [...ends(atlas.x), ...ends(atlas.y)];
    const room = 16 * scale;
    const size = Math.min((canvas.width - room) / (right - left + 1), (canvas.height - room) / (high - low + 1));
    const at = (row) => [
      canvas.width / 2 + size * (atlas.x[row] - (left + right) / 2),
      canvas.height / 2 - size * (atlas.y[row] - (low + high) / 2),
    ];
    pen.fillStyle = colour("control");
    pen.globalAlpha = atlas.count > 5000 ? 0.25 : 0.6;
    const dot = (atlas.count > 5000 ? 1 : 2) * scale;
    for (let row = 0; row < atlas.count; row += 1) pen.fillRect(...at(row), dot, dot);
    pen.globalAlpha = 1;
    const way = segue.atlasRows(atlas, stops).map(at);
    pen.strokeStyle = pen.fillStyle = colour("accent");
    pen.lineWidth = 1.6 * scale;
    pen.beginPath();
    way.forEach((point) => pen.lineTo(...point));
    pen.stroke();
    const circle = ([x, y], radius) => {
      pen.beginPath();
      pen.arc(x, y, radius * scale, 0, 7);
    };
    for (const point of way) {
      circle(point, 3);
      pen.fill();
    }
    for (const row of segue.atlasRows(atlas, waypoints)) {
      circle(at(row), 6);
      pen.stroke();
    }
  };
})();
