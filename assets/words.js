/* What the scripts say, in the language of the page: assets/words has their sentences, and English stands in them. It lies
   outside of assets/js because it must have run before any of them. */
(() => {
  "use strict";
  const segue = (window.segue = window.segue || {});
  const { told = {}, form = (count) => Number(count !== 1) } = segue.words ?? {};
  const language = document.documentElement.lang;

  const filled = (text, values) => text.replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
  const forms = (text) => [told[text] ?? text].flat();

  /* A whole number as it is written in the language. */
  segue.number = (count) => count.toLocaleString(language);

  /* A text with these values in its places. */
  segue.say = (text, values = {}) => filled(forms(text)[0], values);

  /* The same for one with a number in it, its {count}, which has another form for one than for many. */
  segue.sayN = (one, many, count, values = {}) => {
    const all = one in told ? forms(one) : [one, many];
    return filled(all[Math.min(form(count), all.length - 1)], { count: segue.number(count), ...values });
  };
})();
