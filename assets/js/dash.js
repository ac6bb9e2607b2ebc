/* The names by which Dash calls the scripts (segue/web/callbacks/browser.py). */
(() => {
  "use strict";
  const segue = (window.segue = window.segue || {});
  const none = () => window.dash_clientside.no_update;
  let booted = false;

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    segue: {
      onBooth(answer) {
        if (!booted) {
          booted = true;
          segue.boot();
        }
        if (answer) segue.answered(answer);
        return none();
      },
      onFault(fault) {
        if (fault) segue.failed();
        return none();
      },
      onLookback(value) {
        segue.set("lookback", value);
        return none();
      },
      onNoise(value) {
        segue.set("noise", value);
        return none();
      },
      onLibrary(version) {
        if (version) segue.heedVersion(version);
        if (version) segue.music.renew();
        return none();
      },
      onRules(kept) {
        if (kept) segue.chooseAnew();
        return none();
      },
      onAddress(path) {
        segue.enter(path || "/");
        return none();
      },
      onRoom(content) {
        if (content !== undefined && content !== null) segue.filled();
        return none();
      },
      onTheme(wanted) {
        return segue.colours(wanted);
      },
      onLanguage(wanted) {
        if (wanted) segue.speak(wanted);
        return none();
      },
      onFolder(here) {
        if (here !== undefined && here !== null) segue.showFolder();
        return none();
      },
      isShut: (opened) => !opened,
      onPartyName(name) {
        segue.party.set({ name });
        return none();
      },
      onPartyOpen(open) {
        segue.party.set({ open });
        return none();
      },
      onPartyTakes(takes) {
        segue.party.set({ takes });
        return none();
      },
      onShortcuts(on) {
        segue.shortcuts = on !== false;
        return none();
      },
    },
  });
})();
