/* Tempo and key by hand: the dialog asks, halves, doubles and listens to taps; cells of the table are corrected in place. */
(() => {
  "use strict";
  const segue = (window.segue = window.segue || {});
  const props = (id, values) => window.dash_clientside.set_props(id, values);
  const by = (id) => document.getElementById(id);
  const PAUSE_MS = 2500; // who waits so long begins to count anew
  const FEWEST_TAPS = 4;
  let taps = [];

  const body = () => document.querySelector(".correct-body");
  const tracks = () => body().dataset.tracks.split(",");
  const change = (what) => props("correct-change", { data: { ...what, at: Date.now() } });
  const ask = (wanted) => props("correct-asked", { data: { tracks: wanted, at: Date.now() } });

  /* A field as it is to be sent: nothing where it stands as it stood, "heard" where it was emptied. */
  function said(name) {
    const value = by(`correct-${name}`).value.trim();
    return value === body().dataset[name] ? "" : value || "heard";
  }

  function save() {
    const [tempo, key] = [said("tempo"), said("key")];
    if (tempo || key) change({ tracks: tracks(), tempo, key, dialog: true });
    else props("correct", { opened: false });
  }

  function count({ word, times }) {
    const bpm = Number.parseFloat(by("correct-tempo").value.replace(",", "."));
    props("correct-tempo", { value: Number.isFinite(bpm) ? String(Number((bpm * times).toFixed(2))) : word });
  }

  function tap() {
    const now = performance.now();
    taps = taps.length && now - taps.at(-1) < PAUSE_MS ? [...taps, now] : [now];
    if (taps.length < FEWEST_TAPS) return;
    const bpm = (60000 * (taps.length - 1)) / (now - taps[0]);
    props("correct-tempo", { value: bpm.toFixed(1) });
  }

  Object.assign((segue.acts ??= {}), {
    correct: ({ track }) => ask([track]),
    correct_count: count,
    correct_tap: tap,
    correct_heard: () => change({ tracks: tracks(), tempo: "heard", key: "heard", dialog: true }),
    correct_save: save,
    correct_back: ({ before }) => change({ before }),
  });

  segue.correct = ask;
  segue.correctCell = (track, name, value) => change({ tracks: [track], [name]: String(value ?? "").trim() || "heard" });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.closest?.(".correct-body input")) save();
  });
})();
