/* The page: buttons that carry data-act, the keyboard, files dropped anywhere, dark and light. */
(() => {
  "use strict";
  const segue = (window.segue = window.segue || {});
  const props = (id, values) => window.dash_clientside.set_props(id, values);
  const whole = (text) => Number.parseInt(text, 10);

  const acts = Object.assign((segue.acts ??= {}), {
    play: ({ track }) => segue.send("play", { track }),
    play_next: ({ track }) => said("play_next", track, segue.say("It plays next.")),
    add: ({ track }) => said("add", track, segue.say("Added to the queue.")),
    jump: ({ entry }) => segue.send("jump", { entry: whole(entry) }),
    remove: ({ entry }) => segue.send("remove", { entry: whole(entry) }),
    undo: () => segue.send("undo"),
    redo: () => segue.send("redo"),
    clear: () => segue.send("clear"),
    like: ({ track }) => segue.send("like", { track }),
    dislike: ({ track }) => segue.send("dislike", { track }),
    never: ({ track }) => segue.send("never", { track }),
    allow: ({ track }) => segue.send("allow", { track }),
    rate: ({ track, rating }) => segue.send("rate", { track, rating: rating || null }),
    forget: () => segue.send("forget"),
    more: ({ track, rating }, button) => segue.openMenu(button, [...opinions(track, rating), ...segue.queueChoices(button)]),
    taste: () => props("taste", { opened: true }),
    toggle: () => segue.player.toggle(),
    next: () => segue.player.next(),
    previous: () => segue.player.previous(),
    mute: () => segue.player.mute(),
    sound: (_, button) => segue.bar.openSound(button),
    "choose-file": () => chooser.click(),
    "add-music": () => props("add-music", { opened: true }),
    failures: () => props("failures", { opened: true }),
    help: () => props("help", { opened: true }),
    theme: () => nextTheme(),
    queue: () => showQueue(!queueShown()),
    rooms: () => showRooms(menuOfRooms().hidden),
  });

  function said(kind, track, words) {
    segue.send(kind, { track });
    segue.notify(words, "note");
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-act]");
    if (!button || button.disabled) return;
    if (event.detail > 0) button.blur(); // after the mouse, the space bar means the player again
    acts[button.dataset.act]?.(button.dataset, button);
  });

  // Keyboard ----------------------------------------------------------------------------------------------------------

  segue.shortcuts = true;
  const keys = {
    " ": () => segue.player.toggle(),
    ArrowLeft: () => segue.player.step(-segue.player.STEP_S),
    ArrowRight: () => segue.player.step(segue.player.STEP_S),
    n: () => segue.player.next(),
    p: () => segue.player.previous(),
    m: () => segue.player.mute(),
    "+": () => segue.player.louder(segue.player.VOLUME_STEP),
    "-": () => segue.player.louder(-segue.player.VOLUME_STEP),
    ...Object.fromEntries(
      Array.from("0123456789", (digit) => [digit, () => segue.player.seek((whole(digit) / 10) * segue.player.length)]),
    ),
    l: () => rate("like"),
    d: () => rate("dislike"),
    "/": () => search()?.focus(),
    "?": () => acts.help(),
  };
  const rate = (kind) => segue.deck?.current && segue.send(kind, { track: segue.deck.current.track });
  const search = () => document.getElementById("search");

  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (target === search()) return inSearch(event);
    if (!segue.shortcuts || event.ctrlKey || event.metaKey || event.altKey || !keys[key]) return;
    if (target.closest("input:not([type=range]), textarea, select, [contenteditable], [role=dialog]")) return;
    if (key.startsWith("Arrow") && target.closest("[role=slider], input")) return;
    if (key === " " && target.closest("button, a, summary")) return;
    event.preventDefault();
    keys[key]();
  });

  /* As if it were emptied by hand: React holds what is typed, and Dash hears of it later. */
  function clearSearch(field) {
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(field, "");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function inSearch(event) {
    const first = document.querySelector("#results .row-main");
    if (event.key === "Escape" && event.target.value) clearSearch(event.target);
    else if (event.key === "Escape") event.target.blur();
    else if (event.key === "ArrowDown" && first) {
      event.preventDefault();
      first.focus();
    }
  }

  /* A number with a comma that comes in one go, not key by key, would lose it: the fields' own part heeds single keys. */
  document.addEventListener("beforeinput", (event) => {
    const { data, target } = event;
    if (!target.matches?.(".mantine-NumberInput-input") || !/.,|,./.test(data ?? "")) return;
    event.preventDefault();
    document.execCommand("insertText", false, data.replace(",", "."));
  });

  // What is thought of a song, and where else it may go -------------------------------------------------------------

  const OPINIONS = [
    ["like", "heart", segue.say("Like"), "liked", segue.say("Liked. Take it back")],
    ["dislike", "dislike", segue.say("Dislike"), "disliked", segue.say("Disliked. Take it back")],
    ["never", "never", segue.say("Never again"), null],
    ["waypoint", "journey", segue.say("Waypoint of a journey"), null],
    ["correct", "edit", segue.say("Correct tempo and key"), null],
  ];

  const opinions = (track, rating) =>
    OPINIONS.map(([act, drawing, label, state, back]) => ({
      data: { act, track },
      drawing,
      label: rating === state ? back : label,
      checked: state && rating === state,
    }));

  const menu = Object.assign(document.createElement("div"), { id: "opinions", popover: "auto", className: "menu" });
  menu.setAttribute("role", "menu");
  menu.addEventListener("click", () => menu.hidePopover());
  menu.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const choices = [...menu.children];
    choices.at((choices.indexOf(document.activeElement) + step) % choices.length).focus();
  });

  /* The one menu of all rows, beside the button that opens it; a choice is an act with its data. */
  segue.openMenu = (button, entries) => {
    menu.replaceChildren(
      ...entries.map(({ data, drawing, label, checked }) => {
        const choice = Object.assign(document.createElement("button"), { type: "button", className: "button choice" });
        Object.assign(choice.dataset, data);
        choice.setAttribute("role", typeof checked === "boolean" ? "menuitemcheckbox" : "menuitem");
        if (typeof checked === "boolean") choice.setAttribute("aria-checked", String(checked));
        const icon = Object.assign(document.createElement("span"), { className: `icon icon-${drawing}` });
        choice.append(icon, label);
        return choice;
      }),
    );
    menu.showPopover();
    const place = button.getBoundingClientRect();
    const above = place.bottom + menu.offsetHeight > window.innerHeight - 8;
    menu.style.left = `${Math.max(8, place.right - menu.offsetWidth)}px`;
    menu.style.top = `${above ? place.top - menu.offsetHeight : place.bottom}px`;
    menu.firstChild.focus();
  };

  // Dark and light ----------------------------------------------------------------------------------------------------

  const bright = window.matchMedia("(prefers-color-scheme: light)");

  const COLOURS = { dark: segue.say("dark"), light: segue.say("light"), system: segue.say("system") };

  function showTheme() {
    props("provider", { forceColorScheme: segue.scheme() });
    document.documentElement.dataset.mantineColorScheme = segue.scheme();
    const button = document.querySelector('[data-act="theme"]');
    button.dataset.state = segue.theme();
    const colours = COLOURS[segue.theme()];
    button.title = segue.say("Colours: {colours}", { colours });
    button.setAttribute("aria-label", segue.say("Colours: {colours}. Change", { colours }));
  }

  /* Take the colours that are wanted, if any are, and say which ones hold. */
  segue.colours = (wanted) => {
    if (segue.THEMES.includes(wanted) && wanted !== segue.theme()) {
      segue.keep("theme", wanted);
      showTheme();
    }
    return segue.theme();
  };

  function nextTheme() {
    const next = segue.colours(segue.THEMES[(segue.THEMES.indexOf(segue.theme()) + 1) % segue.THEMES.length]);
    if (document.getElementById("theme-choice")) props("theme-choice", { value: next });
  }

  // Language ----------------------------------------------------------------------------------------------------------

  const YEAR_S = 365 * 24 * 3600;

  /* Take a language, or the browser's own: the server says most of the page, so the page is asked for anew. */
  segue.speak = (wanted) => {
    const chosen = document.cookie.match(/(?:^|; )segue_language=([^;]*)/)?.[1] ?? "browser";
    if (wanted === chosen) return;
    document.cookie = `segue_language=${wanted}; path=/; samesite=lax; max-age=${wanted === "browser" ? 0 : YEAR_S}`;
    window.location.reload();
  };

  // Rooms -------------------------------------------------------------------------------------------------------------

  const narrow = window.matchMedia("(max-width: 860px)");
  const menuOfRooms = () => document.getElementById("room-menu");
  const queueShown = () => !document.body.classList.contains("is-queueless");

  /* On a wide page the queue stands beside every room, unless it is put away; on a narrow one it takes their place. */
  function showQueue(on) {
    document.body.classList.toggle("is-queueless", !on);
    if (!narrow.matches) segue.keep("queue-shown", on);
    for (const button of document.querySelectorAll('[data-act="queue"]')) button.setAttribute("aria-pressed", String(on));
    markPlace();
  }

  function showRooms(on) {
    const button = document.querySelector('[data-act="rooms"]');
    if (!button) return;
    menuOfRooms().hidden = !on;
    button.setAttribute("aria-expanded", String(on));
  }

  function markPlace() {
    const isCovered = narrow.matches && queueShown();
    for (const link of document.querySelectorAll("a.place")) {
      const isHere = !isCovered && new URL(link.href).pathname === document.body.dataset.room;
      if (isHere) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    const more = document.querySelector('[data-act="rooms"]');
    if (menuOfRooms()?.querySelector("[aria-current]")) more.setAttribute("aria-current", "true");
    else more?.removeAttribute("aria-current");
  }

  segue.go = (address) => {
    const [pathname, search] = address.split("?");
    props("location", { pathname, search: search ? `?${search}` : "" });
  };

  /* Another room is shown; the words in the search field mean the music, wherever they are typed. */
  segue.enter = (path) => {
    isEmpty = true;
    document.body.dataset.room = path === "/" ? path : path.replace(/\/+$/, "");
    showRooms(false);
    if (narrow.matches) showQueue(false);
    markPlace();
    document.getElementById("music").scrollTo(0, 0);
  };

  let isEmpty = false; // the room, until the server has answered what stands in it

  segue.filled = () => (isEmpty = false);

  document.addEventListener("segue-back", () => isEmpty && segue.go(window.location.pathname + window.location.search));

  document.addEventListener("input", ({ target }) => {
    if (target === search() && document.body.dataset.room !== "/") segue.go("/");
  });
  document.addEventListener("click", ({ target }) => {
    if (!target.closest?.('[data-act="rooms"], #room-menu')) showRooms(false);
    if (narrow.matches && target.closest?.("a.place")) showQueue(false); // also where the room is there already
  });

  // Files -------------------------------------------------------------------------------------------------------------

  const chooser = Object.assign(document.createElement("input"), {
    type: "file",
    id: "seed-file",
    accept: "audio/*,video/*,.mod,.xm,.it,.s3m,.opus,.flac",
    hidden: true,
  });
  chooser.addEventListener("change", () => {
    if (chooser.files.length) upload(chooser.files[0]);
    chooser.value = "";
  });

  const holdsFiles = (event) => Array.from(event.dataTransfer?.types || []).includes("Files");
  let depth = 0; // dragenter and dragleave come for every element on the way
  const veil = (on) => document.body.classList.toggle("is-dropping", on);

  document.addEventListener("dragenter", (event) => {
    if (!holdsFiles(event)) return;
    depth += 1;
    veil(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (!holdsFiles(event)) return;
    depth = Math.max(0, depth - 1);
    veil(depth > 0);
  });
  document.addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
  document.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    depth = 0;
    veil(false);
    if (event.dataTransfer.files.length) upload(event.dataTransfer.files[0]);
  });

  let uploads = 0;

  function upload(file) {
    uploads += 1;
    const id = `upload-${uploads}`;
    const tell = (message, more) => {
      const shut = { closeButtonProps: { "aria-label": segue.say("Close") } };
      const note = { id, message, className: "toast toast-note", color: "glow", ...shut, ...more };
      props("notifications", { sendNotifications: [note] });
    };
    const busy = { loading: true, autoClose: false, withCloseButton: false };
    const done = { action: "update", loading: false, withCloseButton: true };
    const problem = { ...done, color: "red", autoClose: 9000, className: "toast toast-problem" };
    const request = new XMLHttpRequest(); // unlike fetch it tells how much has gone
    request.open("POST", `/api/seeds?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.responseType = "json";
    let percent = -1;
    request.upload.onprogress = ({ loaded, total }) => {
      const now = Math.floor((10 * loaded) / total) * 10;
      if (now === percent) return;
      percent = now;
      const { name } = file;
      const sending = segue.say("Sending “{name}”: {share} %", { name, share: now });
      tell(now < 100 ? sending : segue.say("Listening to “{name}”", { name }), { ...busy, action: "update" });
    };
    request.onload = () => {
      const answer = request.response;
      if (request.status !== 201) {
        tell(answer?.error || segue.say("“{name}” could not be read.", { name: file.name }), problem);
        return;
      }
      const name = answer.title || file.name;
      const known = segue.say("“{name}” is in your library.", { name });
      tell(answer.known ? known : segue.say("Songs that go with “{name}”.", { name }), { ...done, autoClose: 5000 });
      segue.send("seed", { token: answer.token, name });
    };
    request.onerror = () => tell(segue.say("Segue does not answer. Is it still running?"), problem);
    tell(segue.say("Sending “{name}”", { name: file.name }), { ...busy, action: "show" });
    request.send(file);
  }

  segue.page = {
    upload,
    boot() {
      document.body.append(chooser, menu);
      showQueue(narrow.matches ? false : segue.kept("queue-shown") !== false);
      narrow.addEventListener("change", () => showQueue(narrow.matches ? false : segue.kept("queue-shown") !== false));
      showTheme();
      bright.addEventListener("change", showTheme);
    },
  };
})();
