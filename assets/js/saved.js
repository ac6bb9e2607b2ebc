/* What is made of the queue: playlists and radios kept on the server, files that the browser downloads. */
(() => {
  "use strict";
  const segue = (window.segue = window.segue || {});
  const props = (id, values) => window.dash_clientside.set_props(id, values);
  const field = () => document.getElementById("name-field");
  let wanted = null; // what is done once it has a name

  const KINDS = ["m3u8", "xspf", "jspf"].map((kind) => ({
    data: { act: "save_as", kind },
    drawing: "download",
    label: segue.say("As {kind} file", { kind: kind.toUpperCase() }),
  }));
  const QUEUE = [
    { data: { act: "ask_name", kind: "save_list" }, drawing: "saved", label: segue.say("Save as playlist") },
    { data: { act: "ask_name", kind: "save_radio" }, drawing: "radio", label: segue.say("Save as radio") },
    { data: { act: "mpd" }, drawing: "send", label: segue.say("Send to MPD") },
    ...KINDS,
  ];
  const TITLES = {
    save_list: segue.say("Save as playlist"),
    save_radio: segue.say("Save as radio"),
    rename_list: segue.say("Rename the playlist"),
    rename_radio: segue.say("Rename the radio"),
  };

  const CHANGES = new Set([...Object.keys(TITLES), "delete_list", "delete_radio", "take_back"]);

  Object.assign((segue.acts ??= {}), {
    export: (_, button) => segue.openMenu(button, QUEUE),
    save_as: ({ kind }) => saveQueue(kind),
    mpd: () => props("mpd", { opened: true }),
    saved_more: ({ list, radio, name }, button) => segue.openMenu(button, choices(list ? { list } : { radio }, name)),
    ask_name: ({ act, kind, name, ...details }) => askName(kind, name ?? "", details),
    name: () => named(),
    rename_list: ({ list, name }) => segue.send("rename_list", { list, name }),
    rename_radio: ({ radio, name }) => segue.send("rename_radio", { radio, name }),
    delete_list: ({ list }) => segue.send("delete_list", { list }),
    delete_radio: ({ radio }) => segue.send("delete_radio", { radio }),
    play_saved: ({ list }) => segue.send("play_saved", { list }),
    add_saved: ({ list }) => segue.send("add_saved", { list }),
    play_radio: ({ radio }) => segue.send("play_radio", { radio }),
    take_back: ({ word }) => segue.send("take_back", { word }),
  });

  /* What the menu of a saved playlist or radio offers. */
  function choices(which, name) {
    const kind = "list" in which ? "list" : "radio";
    return [
      { data: { act: "ask_name", kind: `rename_${kind}`, name, ...which }, drawing: "rename", label: segue.say("Rename") },
      { data: { act: `delete_${kind}`, ...which }, drawing: "delete", label: segue.say("Delete") },
    ];
  }

  function askName(kind, name, details) {
    wanted = { kind, details };
    offerSongs(kind);
    props("name-field", { value: name, error: null });
    props("naming", { opened: true, title: TITLES[kind] });
  }

  function named() {
    const name = field().value.trim();
    if (!name) return props("name-field", { error: segue.say("Give it a name") });
    const played = document.querySelector("#name-songs input:checked").value;
    segue.send(wanted.kind, { ...wanted.details, name, played });
    props("naming", { opened: false });
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target === field()) named();
  });

  /* The room of what is saved shows what a command has changed. */
  document.addEventListener("segue-queue", ({ detail: { kind, number } }) => {
    if (CHANGES.has(kind) && document.getElementById("saved")) props("saved-turn", { data: number });
  });

  /* The tracks of the queue: those from the song that plays on, or with what has played. */
  segue.queueTracks = (played) => {
    const { table, entries, current } = segue.booth.queue;
    const tracks = new Map(table);
    const from = played === "yes" ? 0 : Math.max(0, entries.indexOf(current));
    return entries.slice(from).map((entry) => tracks.get(entry));
  };

  /* Which songs of the queue a playlist takes, and how many those are. */
  function offerSongs(kind) {
    const number = (played) => new Set(segue.queueTracks(played)).size; // a list holds a song once
    const data = [
      { value: "no", label: segue.say("From here on: {count}", { count: number("no") }) },
      { value: "yes", label: segue.say("With what has played: {count}", { count: number("yes") }) },
    ];
    props("name-songs", { data, value: "no", style: { display: kind === "save_list" ? "" : "none" } });
  }

  const saveQueue = (kind) => segue.savePlaylist(segue.queueTracks("yes"), { kind });

  /* Songs as a playlist file that the browser downloads: m3u8, xspf or jspf. */
  segue.savePlaylist = async (tracks, { kind = "m3u8", name = "Segue" } = {}) => {
    const answer = await fetch(`/api/playlist.${kind}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(tracks),
    }).catch(() => null);
    if (!answer?.ok) return segue.notify(segue.say("The playlist could not be written."));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = `${name}.${kind}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
})();
