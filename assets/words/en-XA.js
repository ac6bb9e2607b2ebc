/* No language: every text in brackets, by which a test finds those that nobody marked. */
(window.segue = window.segue || {}).words = { told: new Proxy({}, { has: () => true, get: (_, text) => `⟦${text}⟧` }) };
