/* The room of mixes: the queue becomes a list to be mixed. A mix that is heard silences the player, the player a mix; and
   a mix that was left goes on where it was. */
(() => {
  "use strict";
  const segue = (window.segue = window.segue || {});
  const places = new Map(); // by the address of a mix: where it was when it was last heard, in seconds
  const isMix = (audio) => audio.matches?.(".mix-audio");

  Object.assign((segue.acts ??= {}), {
    mix: ({ played }) => {
      const tracks = segue.booth ? segue.queueTracks(played) : [];
      if (tracks.length) segue.go(`/mix?tracks=${tracks.join(",")}`);
      else segue.notify(segue.say("The queue is empty: play a song first."), "note");
    },
  });

  const hear = (event, handler) => document.addEventListener(event, ({ target }) => handler(target), true); // they do not rise

  hear("play", (begins) => {
    if (isMix(begins)) segue.player.pause();
    for (const mix of document.querySelectorAll(".mix-audio")) if (mix !== begins) mix.pause();
  });

  hear("timeupdate", (audio) => {
    if (isMix(audio) && audio.readyState > 0) places.set(audio.src, audio.ended ? 0 : audio.currentTime);
  });

  /* It is shown, and nothing of it has been fetched yet. */
  hear("loadstart", (audio) => {
    const at_s = isMix(audio) && places.get(audio.src);
    if (at_s) Object.assign(audio, { preload: "metadata", currentTime: at_s });
  });
})();
