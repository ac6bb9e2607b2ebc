// The way in and out: the service worker, and back to the form once a session has ended.
(() => {
  const toLogin = () => {
    const here = window.location.pathname + window.location.search;
    window.location.assign(`/login?next=${encodeURIComponent(here)}`);
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
