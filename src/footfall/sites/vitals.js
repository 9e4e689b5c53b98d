// How fast a page felt: sends one event `web_vitals` for each load, with what Google's web-vitals measured until the page
// was first hidden or left. Pages load static/footfall-vitals.js, which minify.sh makes of that library, unchanged, and of
// this file. It tells the tracker by an event `footfall`, so the tracker must be on the page, before or after it.
(() => {
  "use strict";
  const mark = "footfall.vitals";
  // A page that loads the script twice is one page.
  if (globalThis[mark]) return;
  globalThis[mark] = 1;
  let known = {}, sent = false;
  const measured = (name, scale, most) => ({value}) => {
    known[name] = Math.max(0, Math.min(most, Math.round(value * scale)));
  };
  const send = () => {
    if (document.visibilityState != "hidden" || sent || !Object.keys(known)[0]) return;
    sent = true;
    const detail = {event_type: "web_vitals", schema_version: "1.1", ...known};
    dispatchEvent(new CustomEvent("footfall", {detail}));
  };
  try {
    // A page that comes back from the browser's cache is a new view, and the library measures it anew. Its own listener
    // for this comes after this one.
    addEventListener("pageshow", event => {
      if (event.persisted) { known = {}; sent = false; }
    }, true);
    webVitals.onLCP(measured("lcp_ms", 1, 6e5));
    webVitals.onINP(measured("inp_ms", 1, 6e5));
    webVitals.onCLS(measured("cls_milli", 1e3, 1e6));
    webVitals.onTTFB(measured("ttfb_ms", 1, 6e5));
    // The library listens on the window as the event comes down to the document, and the tracker as it goes up again. So
    // the last values are known here, and the tracker has yet to send what waits.
    document.addEventListener("visibilitychange", send);
  } catch {}
})();
