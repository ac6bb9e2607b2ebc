/* The dialog in which a folder is chosen, by keyboard too: up and down through the list, back to the folder above. */
(() => {
  "use strict";
  const segue = (window.segue = window.segue || {});
  const SHOWN_MS = 60; // the rows are drawn a moment after the answer
  const view = () => document.getElementById("folder-view");
  const rows = () => [...(view()?.querySelectorAll(".folder-row:enabled") || [])];
  let asked = 0;
  let isTyping = false; // a path, since the last click and Enter

  Object.assign((segue.acts ??= {}), {
    folder: ({ folder }) => {
      asked += 1; // the same folder may be asked for again
      window.dash_clientside.set_props("folder-asked", { data: { folder, asked } });
    },
  });

  /* Another folder is shown: the focus goes to the first in it, or to where it is chosen, but not away from who types. */
  segue.showFolder = () =>
    setTimeout(() => isTyping || (rows()[0] || document.getElementById("folder-scan"))?.focus(), SHOWN_MS);

  document.addEventListener("input", ({ target }) => (isTyping = target.id === "folder-path"));
  document.addEventListener("click", () => (isTyping = false));
  document.addEventListener("keydown", ({ key }) => key === "Enter" && (isTyping = false), true);

  function up() {
    [...view().querySelectorAll(".folder-way button")].at(-1)?.click();
  }

  document.addEventListener("keydown", (event) => {
    if (!event.target.closest?.("[role=dialog]")?.querySelector("#folder-view") || event.target.matches("input")) return;
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const all = rows();
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: Math.max(0, at - 1), Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "Backspace" || event.key === "ArrowLeft") up();
    else if (event.key === "ArrowRight") document.activeElement.closest(".folder-row")?.click();
    else if (to === undefined) return;
    else all[Math.min(to, all.length - 1)]?.focus();
    event.preventDefault();
  });
})();
