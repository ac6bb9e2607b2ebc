/* The room of mixes: the queue becomes a list to be mixed, and a mix that is heard silences the player. */
(() => {
  "use strict";
  const segue = (window.segue = window.segue || {});

  Object.assign((segue.acts ??= {}), {
    mix: ({ played }) => {
      const tracks = segue.booth ? segue.queueTracks(played) : [];
      if (tracks.length) segue.go(`/mix?tracks=${tracks.join(",")}`);
      else segue.notify(segue.say("The queue is empty: play a song first."), "note");
    },
  });

  document.addEventListener(
    "play",
    ({ target }) => {
      if (target.matches?.(".mix-audio")) segue.player.pause();
    },
    true, // media events do not rise
  );
})();
