/* The room of the library: the table asks anew when a filter changes, a row is played, marked rows are played, added,
   travelled through, mixed and corrected. */
(() => {
  "use strict";
  const segue = (window.segue = window.segue || {});
  const none = () => window.dash_clientside.no_update;
  const grid = () => {
    try {
      return window.dash_ag_grid.getApi("table");
    } catch (error) {
      return null; // the room is not there, or not yet
    }
  };
  const marked = () => (grid()?.getSelectedRows() || []).map(({ id }) => id);

  function withMarked(use) {
    const tracks = marked();
    if (tracks.length) use(tracks);
    else segue.notify(segue.say("Mark some songs first: by the boxes before their names, or with the space bar."), "note");
  }

  function add(tracks) {
    segue.send("add_list", { tracks });
    segue.notify(segue.sayN("Added to the queue.", "{count} songs added to the queue.", tracks.length), "note");
  }

  Object.assign((segue.acts ??= {}), {
    table_play: () => withMarked((tracks) => segue.send("play_list", { tracks })),
    table_add: () => withMarked(add),
    table_journey: () => withMarked((tracks) => segue.go(`/journey?via=${tracks.join(",")}`)),
    table_retag: () =>
      withMarked((tracks) => window.dash_clientside.set_props("retag-asked", { data: { tracks, at: Date.now() } })),
    table_correct: () => withMarked(segue.correct),
    table_mix: () => withMarked((tracks) => segue.go(`/mix?tracks=${tracks.join(",")}`)),
  });

  const components = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  components.SegueTitle = ({ data }) =>
    data
      ? React.createElement(
          "span",
          { className: "table-title", "data-of": data.id },
          React.createElement("img", { src: `/media/${data.id}/cover?size=96`, alt: "", className: "cover", loading: "lazy" }),
          React.createElement("span", { className: "title" }, data.title),
        )
      : null;

  /* A value that may have been set by hand, and is then marked. */
  const PART = { tempo_bpm: "tempo", camelot: "key" };
  components.SegueByHand = ({ value, data, colDef }) =>
    data?.by_hand.includes(PART[colDef.field])
      ? React.createElement(
          "span",
          { className: "by-hand", title: segue.say("Set by hand") },
          React.createElement("span", { className: "icon icon-edit", "aria-hidden": "true" }),
          React.createElement("span", null, value),
          React.createElement("span", { className: "sr-only" }, ` ${segue.say("by hand")}`),
        )
      : value;

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    segueTable: {
      onFilters(filters) {
        if (filters) grid()?.purgeInfiniteCache();
        return none();
      },
      onChanged(at) {
        if (at) grid()?.refreshInfiniteCache();
        return none();
      },
      onTable(id) {
        if (id) window.dash_ag_grid.getApiAsync(id).then(listen);
        return none();
      },
    },
  });

  function countMarked() {
    const count = marked().length;
    const line = document.getElementById("table-marked");
    if (line) line.textContent = count ? segue.sayN("{count} song marked", "{count} songs marked", count) : "";
  }

  function listen(table) {
    table.addEventListener("selectionChanged", countMarked);
    const play = ({ data }) => data && segue.send("play", { track: data.id });
    table.addEventListener("cellDoubleClicked", (event) => event.colDef.editable || play(event));
    table.addEventListener("cellValueChanged", ({ data, colDef, newValue }) =>
      segue.correctCell(data.id, PART[colDef.field], newValue),
    );
    table.addEventListener("cellKeyDown", (event) => {
      if (event.event.key === "Enter" && !event.colDef.editable) play(event);
      event.event.stopPropagation(); // space marks a row here, and the arrows go from cell to cell
    });
  }
})();
