/* The queue's rows: dragged by their grip, moved by Alt and the arrows, or by their menu; a moved song stays there. */
(() => {
  "use strict";
  const segue = (window.segue = window.segue || {});
  const whole = (text) => Number.parseInt(text, 10);
  const list = () => document.querySelector(".next-songs");
  const rows = () => [...(list()?.children || [])];
  const move = (row, to) => {
    if (to < 0 || to >= rows().length) return;
    focusOn = row.contains(document.activeElement) ? to : null;
    segue.send("move", { entry: whole(row.dataset.entry), to });
  };
  const SHOWN_MS = 60; // the rows are drawn a moment after the answer
  let focusOn = null; // the place to which a row moves that has the focus
  let drag = null;

  Object.assign((segue.acts ??= {}), {
    move: ({ entry, to }) => segue.send("move", { entry: whole(entry), to: whole(to) }),
    steer_by: ({ track, way }) => segue.send("steer_by", { track, way }),
  });

  /* What the menu of a row offers beside opinions. */
  segue.queueChoices = (button) => {
    const { track } = button.dataset;
    const row = button.closest(".next-songs > .row");
    const steering = [
      { data: { act: "steer_by", track, way: "more" }, drawing: "add", label: segue.say("More like this") },
      { data: { act: "steer_by", track, way: "less" }, drawing: "remove", label: segue.say("Less like this") },
    ];
    if (!row) return steering;
    const at = rows().indexOf(row);
    const { entry } = row.dataset;
    const places = [
      [0, "up", segue.say("To the top"), at > 0],
      [at - 1, "up", segue.say("Earlier"), at > 0],
      [at + 1, "down", segue.say("Later"), at < rows().length - 1],
      [at, "pin", segue.say("Keep it at this place"), row.dataset.origin === "chosen"],
    ].filter(([, , , fits]) => fits);
    return [...steering, ...places.map(([to, drawing, label]) => ({ data: { act: "move", entry, to }, drawing, label }))];
  };

  // By the keyboard ---------------------------------------------------------------------------------------------------

  document.addEventListener("keydown", (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const row = event.target.closest?.(".next-songs > .row");
    if (!step || !event.altKey || !row) return;
    event.preventDefault();
    move(row, rows().indexOf(row) + step);
  });

  document.addEventListener("segue-queue", () => {
    if (focusOn !== null) setTimeout(followFocus, SHOWN_MS, focusOn);
    focusOn = null;
  });

  function followFocus(place) {
    rows()[place]?.querySelector(".row-main").focus();
  }

  // By the grip -------------------------------------------------------------------------------------------------------

  document.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest?.(".next-songs .grip");
    if (!grip || event.button > 0) return;
    event.preventDefault();
    const row = grip.closest(".row");
    drag = { row, to: rows().indexOf(row), y: event.clientY };
    row.classList.add("is-dragged");
    grip.setPointerCapture(event.pointerId);
  });

  document.addEventListener("pointermove", (event) => {
    if (!drag) return;
    drag.row.style.transform = `translateY(${event.clientY - drag.y}px)`;
    const others = rows().filter((row) => row !== drag.row);
    const middle = ({ top, height }) => top + height / 2;
    drag.to = others.filter((row) => middle(row.getBoundingClientRect()) < event.clientY).length;
    others.forEach((row, place) => {
      row.classList.toggle("comes-after", place === drag.to);
      row.classList.toggle("comes-before", drag.to === others.length && place === drag.to - 1);
    });
  });

  function drop(moves) {
    if (!drag) return;
    const { row, to } = drag;
    drag = null;
    row.style.transform = "";
    for (const each of rows()) each.classList.remove("is-dragged", "comes-after", "comes-before");
    if (moves && rows().indexOf(row) !== to) move(row, to);
  }

  document.addEventListener("pointerup", () => drop(true));
  document.addEventListener("pointercancel", () => drop(false));
  document.addEventListener("keydown", ({ key }) => key === "Escape" && drop(false));
})();
