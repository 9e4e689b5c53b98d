// Runs tracker.js on pages that others loaded, with as much of a browser as it asks for; prints what it queued, where it
// sent beacons, and what it said on the console. Input: {source, visitor: {agent, language, gpc, width, height}, pages: [{url, referrer, reload, title,
// metas, lists, script (the attributes of its element, or nothing), later (the event of a list that comes later, or
// nothing), before and after (what the page runs before and after the tracker, or nothing),
// gestures: [["look", engagedMs, scrollPct, [names of lists in sight]] | ["click"|"submit", tag, attributes, values]]}]}
import {readFileSync} from "node:fs";
import vm from "node:vm";

const {source, visitor, pages} = JSON.parse(readFileSync(0, "utf8"));
const store = {}, beacons = [], said = [];
const localStorage = new Proxy(store, {set: (kept, key, value) => { kept[key] = String(value); return true; }});

for (const page of pages) {
  let now = 1000, scrollY = 0;
  const heard = {}, ticking = [], watching = [];
  const element = (tag, attributes, values = {}) => ({
    localName: tag, id: attributes.id || "", classList: (attributes.class || "").split(" ").filter(Boolean),
    dataset: {footfallEvent: attributes["data-footfall-event"], footfallConsent: attributes["data-footfall-consent"]},
    getAttribute: name => attributes[name] ?? null,
    elements: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, {value}])),
    closest() { return this; },
  });
  const browser = {
    document: {
      currentScript: page.script && {
        src: page.script.src, dataset: {site: page.script["data-site"]},
        getAttribute: name => page.script[name] ?? null,
      },
      title: page.title, referrer: page.referrer || "", hidden: false, hasFocus: () => true,
      documentElement: {scrollHeight: 1e6},
      querySelectorAll: () => [],
      querySelector: wanted => {
        const [, attribute, name] = /\[([\w-]+)=(.*?)\]$/.exec(wanted);
        if (attribute == "name") return name in page.metas ? {content: page.metas[name]} : null;
        return page.lists.includes(JSON.parse(name)) ? {list: JSON.parse(name)} : null;
      },
    },
    navigator: {
      userAgent: visitor.agent, language: visitor.language, globalPrivacyControl: visitor.gpc,
      sendBeacon: address => { beacons.push(address); return false; },
    },
    location: new URL(page.url), innerWidth: visitor.width, innerHeight: visitor.height,
    localStorage, crypto, URL, URLSearchParams, Blob, history: {}, console: {warn: text => { said.push(text); }},
    performance: {
      now: () => now,
      getEntriesByType: () => [{type: page.reload ? "reload" : "navigate", fetchStart: 3, responseEnd: 8}],
    },
    addEventListener: (type, work) => { (heard[type] ||= []).push(work); },
    setTimeout: () => 1, setInterval: work => ticking.push(work),
    IntersectionObserver: class {
      constructor(work) { this.work = work; }
      observe(node) { watching.push({list: node.list, see: () => this.work([{isIntersecting: true}], this)}); }
      disconnect() {}
    },
  };
  Object.defineProperty(browser, "scrollY", {get: () => scrollY});
  const happen = (type, event = {}) => (heard[type] || []).forEach(work => work(event));
  vm.createContext(browser);
  for (const code of [page.before, source, page.after]) if (code) vm.runInContext(code, browser);
  if (page.later) happen("footfall", {detail: page.later});
  for (const [kind, ...how] of page.gestures) {
    if (kind == "look") {
      const [engagedMs, scrollPct, inSight] = how;
      scrollY = 1e4 * scrollPct - visitor.height;
      happen("scroll");
      watching.filter(watched => inSight.includes(watched.list)).forEach(watched => watched.see());
      const until = now + engagedMs;
      for (; now + 500 <= until; ticking.forEach(tick => tick())) now += 500;
      now = until;
    } else happen(kind, {target: element(...how)});
  }
  happen("pagehide");
}
const waiting = Object.keys(store).filter(key => /^footfall(:[\w-]+)?\.event\./.test(key));
console.log(JSON.stringify({events: waiting.map(key => JSON.parse(store[key])), beacons, said}));
