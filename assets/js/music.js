/* The songs of the first page: asked for at every key, and drawn by hand, since React takes 10 to 20 ms a row. */
(() => {
  "use strict";
  const segue = (window.segue = window.segue || {});
  const by = (id) => document.getElementById(id);
  const make = (tag, values = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), values);
    made.append(...children);
    return made;
  };

  const PAGE = 20;
  const MOST = 500; // the server tells of no more
  const AGAIN_MS = 6000; // of a large library that changes, the server finds songs as they were some seconds ago

  let words = "";
  let pages = 1;
  let asking = null;
  let timer = null;
  let list = null;

  async function ask(signal) {
    const address = `/api/songs?limit=${PAGE * pages}&words=${encodeURIComponent(words)}`;
    const answer = await fetch(address, { signal }).catch(() => null);
    return answer?.ok ? answer.json().catch(() => null) : null;
  }

  let first = ask(); // while the page is still being put together; two looks may wait for it

  async function look() {
    asking?.abort();
    const own = (asking = new AbortController());
    const ahead = words || pages > 1 ? null : first;
    const found = await (ahead ?? ask(own.signal));
    first = null;
    if (own.signal.aborted) return;
    if (found) show(found);
    else segue.askWhetherThere();
  }

  function show({ songs, line, more }) {
    list ??= frame();
    by("found-heading").textContent = words.trim() ? segue.say("Found") : segue.say("Your music");
    if (by("found-line").textContent !== line) by("found-line").textContent = line;
    by("found-nothing").hidden = songs.length > 0;
    by("more").hidden = !more || PAGE * pages >= MOST;
    list.hidden = songs.length === 0;
    songs.forEach((song, at) => fill(list.children[at] ?? list.appendChild(row()), song));
    while (list.children.length > songs.length) list.lastChild.remove();
  }

  /* What stands around the rows; returns their list. */
  function frame() {
    const heading = make("h1", { id: "found-heading", className: "heading" });
    const line = make("p", { id: "found-line", className: "dim" });
    line.setAttribute("role", "status");
    const rows = make("ol", { className: "rows" });
    rows.setAttribute("aria-label", segue.say("Songs"));
    const advice = segue.say("Try fewer words, or part of one: title, artist, album or file name.");
    const nothing = make("p", { id: "found-nothing", className: "dim nothing", textContent: advice });
    by("results").replaceChildren(make("div", { className: "section-head" }, heading, line), rows, nothing);
    return rows;
  }

  function icon(name) {
    const made = make("span", { className: `icon icon-${name}` });
    made.setAttribute("aria-hidden", "true");
    return made;
  }

  const spoken = (text) => (text ? [make("span", { className: "sr-only", textContent: text })] : []);
  const between = ([before, after], seen) => [...spoken(before), seen, ...spoken(after)];
  const seenIn = (place) => place.querySelector(":scope > :not(.sr-only)");

  function row() {
    const part = (className = "", ...children) => make("span", { className }, ...children);
    const cover = make("img", { className: "cover", alt: "" });
    const [title, by] = [segue.say("Play {title}").split("{title}"), segue.say("by {artist}").split("{artist}")];
    const names = part("names", part("title", ...between(title, part())), part("by", ...between(by, part())));
    const main = make("button", { type: "button", className: "row-main" });
    main.append(part("art", cover, icon("play")), names, part("album"), part("length"));
    main.dataset.act = "play";
    return make("li", { className: "row" }, main, button("play_next", "next-up"), button("add", "add"));
  }

  function button(act, drawing) {
    const made = make("button", { type: "button", className: "button round" }, icon(drawing));
    made.dataset.act = act;
    return made;
  }

  function call(made, name) {
    made.title = name;
    made.setAttribute("aria-label", name);
  }

  /* Let a row show a song; what shows it already stays as it is, with its focus. */
  function fill(item, { id, title, artist, album, length }) {
    const [main, next, add] = item.children;
    const [art, names, where, long] = main.children;
    const put = (place, text) => place.textContent !== text && (place.textContent = text);
    if (item.dataset.of !== id) art.firstChild.src = `/media/${id}/cover?size=96`;
    for (const each of [main, next, add]) each.dataset.track = id;
    item.dataset.of = id;
    put(seenIn(names.firstChild), title);
    put(seenIn(names.lastChild), artist);
    put(where, album);
    put(long, length);
    call(next, segue.say("Play next: {title} by {artist}", { title, artist }));
    call(add, segue.say("Add to the queue: {title} by {artist}", { title, artist }));
  }

  document.addEventListener("input", ({ target }) => target.id === "search" && segue.music.find(target.value));

  document.addEventListener("segue-back", () => look());

  Object.assign((segue.acts ??= {}), {
    more_songs: () => {
      pages += 1;
      look();
    },
  });

  segue.music = {
    look,
    /* Show the songs that hold some words. */
    find(wanted) {
      [words, pages] = [wanted, 1];
      look();
    },
    /* The library has changed. */
    renew() {
      clearTimeout(timer);
      timer = setTimeout(look, AGAIN_MS);
      look();
    },
  };
})();
