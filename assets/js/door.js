// The way in and out: who asks in vain whether the server is there, and back to the form once a session has ended.
(() => {
  const toLogin = () => {
    const here = window.location.pathname + window.location.search;
    window.location.assign(`/login?next=${encodeURIComponent(here)}`);
  };

  /* Whatever the page asks for, Dash's own questions too. */
  const ask = window.fetch;
  window.fetch = async (...question) => {
    const answer = await ask(...question).catch((error) => {
      if (error.name !== "AbortError") window.segue.askWhetherThere();
      throw error;
    });
    if (answer.status !== 401) return answer;
    toLogin();
    return new Promise(() => {}); // the page is left, and Dash would stumble over what it cannot read
  };

  new PerformanceObserver((list) => {
    if (list.getEntries().some((entry) => entry.responseStatus === 401)) toLogin();
  }).observe({ type: "resource" });

  if ("serviceWorker" in navigator) {
    window.addEventListener("load", () => {
      navigator.serviceWorker.register("/service-worker.js").catch((error) => {
        console.info("Segue cannot be kept as an app here:", error.message);
      });
    });
  }
})();
