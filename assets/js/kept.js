/* What this browser keeps, and the colours that hold in it. The form at the door and the page without a server read it too,
   so it stands by itself. */
(() => {
  "use strict";
  const segue = (window.segue = window.segue || {});
  const bright = window.matchMedia("(prefers-color-scheme: light)");

  /* A value kept in this tab, and for the next tab to begin with. */
  segue.keep = (name, value) => {
    const text = JSON.stringify(value);
    for (const place of [sessionStorage, localStorage]) {
      try {
        place.setItem(`segue.${name}`, text);
      } catch (error) {
        /* private windows and full disks: the page then forgets on reload */
      }
    }
  };

  segue.kept = (name) => {
    for (const place of [sessionStorage, localStorage]) {
      try {
        const text = place.getItem(`segue.${name}`);
        if (text !== null) return JSON.parse(text);
      } catch (error) {
        /* damaged or forbidden: as if it were not there */
      }
    }
    return null;
  };

  segue.THEMES = ["dark", "light", "system"];
  segue.theme = () => (segue.THEMES.includes(segue.kept("theme")) ? segue.kept("theme") : "dark");
  segue.scheme = () => (segue.theme() === "system" ? (bright.matches ? "light" : "dark") : segue.theme());

  const show = () => (document.documentElement.dataset.mantineColorScheme = segue.scheme());
  bright.addEventListener("change", show);
  show();
})();
