// Footfall's tracker: records what a person does on a page as events, and sends them to the collector. No dependency.
// Pages load static/footfall.js, which minify.sh makes from this file; it is smaller than 6 KB compressed.
(() => {
  "use strict";
  const doc = document, nav = navigator, MINUTE = 6e4, DAY = 1440 * MINUTE, PING = 5e3, BATCH = 20, KEPT = 500;
  // On any page, the script's element names the site, and the collector is where the script came from. Footfall's own
  // sites name themselves in a meta element, and collect themselves. Sites of one origin share its storage.
  const me = doc.currentScript, site = me?.dataset.site || "";
  const OURS = `footfall${site && ":" + site}.`, WAITS = OURS + "event.", clock = Date.now;
  const COLLECTOR = site ? new URL("collect?site=" + site, me.src).href : "/collect";
  // A page that loads the script twice is one page.
  if (globalThis[OURS]) return;
  globalThis[OURS] = 1;
  // What the page says of itself: data-NAME of the script's element, or a meta element.
  const meta = name => me?.getAttribute("data-" + name) || doc.querySelector(`meta[name=footfall-${name}]`)?.content;
  // What only the second version of the schema has; all other events are of the first.
  const SECOND = {schema_version: "1.1"};
  const pack = JSON.stringify;
  const is = (value, type) => typeof value == type;
  const json = text => { try { return JSON.parse(text); } catch {} };
  const parsed = address => { try { return new URL(address); } catch {} };
  // Tells the page's author of the first mistake in what the page asks to send.
  let told;
  const complain = text => { try { told ||= !console.warn("Footfall: " + text); } catch {} };

  // The browser's storage, or memory of this page alone if there is none.
  let store = {};
  try { store = localStorage || store; } catch {}
  const read = key => json(store[OURS + key]);
  const write = (key, value) => {
    try { store[OURS + key] = pack(value); } catch { store = {...store, [OURS + key]: pack(value)}; }
  };
  // Locks let one tab work at a time, in browsers that have them.
  const locks = nav.locks || {request: (_, work) => work()};

  // UUIDv7: 12 digits of time, then random digits, with the version and the variant in their places.
  const uuid = () => (0 + clock().toString(16)).replace(/(?=.{4}$)/, "-") + "-7xxx-axxx-xxxxxxxxxxxx"
    .replace(/x/g, () => (crypto.getRandomValues(new Uint8Array(1))[0] % 16).toString(16));
  const now = () => new Date().toISOString();
  // No control character, no half of a surrogate pair.
  const clean = (text, most) => text.slice(0, most).replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, " ");
  const bound = (number, most) => Math.max(0, Math.min(most, Math.round(number) || 0));

  // A page may keep the name of its view behind `#`, as in /app#/settings, if it says so.
  const here = () => {
    const inner = meta("hash-routes") && /^#(\/[^?#]*)/.exec(location.hash)?.[1];
    return inner ? location.pathname.replace(/\/$/, "") + inner : location.pathname;
  };
  // What the page does not say follows from its path: /notes/rain is an article of the section notes.
  const types = "home|list|product|cart|checkout|front|section|article|catalogue|course|lesson|quiz|search|account|error"
    .split("|");
  const facts = () => {
    const [, first, ...rest] = here().split("/");
    const said = json(meta("page")) || site && {
      page_type: meta("page-type") || (types.includes(first) ? first : first ? "article" : "home"),
      page_section: meta("page-section") || rest.length && first || "home",
      item_type: meta("item-type"), item_id: meta("item-id"),
    };
    return said && !types.includes(said.page_type) ? {...said, ...SECOND, page_type: "other"} : said;
  };
  let page = facts();
  if (!page) return;
  // An iPad says that it is a Mac; no Mac has a touch screen.
  const agent = (nav.maxTouchPoints > 1 && /Macintosh/.test(nav.userAgent) ? "iPad " : "") + nav.userAgent;
  // The first of the signs that the user agent contains, and what it stands for. On iOS, browsers have other names.
  const sort = signs => signs.split("|").find(sign => agent.includes(sign.split("=")[0])).split("=").pop();
  const device = {
    device_type: sort("iPad=tablet|Mobile=mobile|Android=tablet|=desktop"),
    browser: sort("Edg=Edge|OPR=Opera|SamsungB=Samsung Internet|Firefox|FxiOS=Firefox|Chrome|CriOS=Chrome|Safari|=other"),
    os: sort("Windows|Android|iPad=iPadOS|iPhone=iOS|Mac=macOS|CrOS=ChromeOS|Linux|=other"),
    language: nav.language,
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
  const utm = {};
  for (const [key, value] of new URLSearchParams(location.search))
    if (/^utm_(source|medium|campaign|term|content)$/.test(key)) utm[key] = value;
  // Apps name themselves in referrers, too: android-app://com.google.android.gm/ has no origin.
  const from = parsed(doc.referrer), inside = from?.origin == location.origin;
  const outside = from?.host && !inside ? from.protocol + "//" + from.host + from.pathname : null;
  const timing = performance.getEntriesByType("navigation")[0] || {};

  const consent = () => nav.globalPrivacyControl ? "denied" : read("consent") || "unknown";
  const visitor = () => {
    let known = read("visitor");
    if (!(known?.id && known.at > clock() - 365 * DAY)) write("visitor", known = {id: uuid(), at: clock()});
    return known.id;
  };

  // Events wait in `fresh` until they have a position in the visit, then in the queue until the collector has them.
  let fresh = [], flying = "", failures = read("failures") || 0, timer, errors = 0;
  let view, path, loaded, waiting = 0, ticked = performance.now(), scrolled = 0;
  const record = (event_type, fields) => {
    // A page that is only being prepared has no view yet.
    if (!view) return;
    const own = event_type == "custom";
    if (own && !(fields.event_name && is(fields.event_name, "string")))
      return complain("a custom event needs a name; it was not sent");
    fresh.push({event_id: uuid(), event_type, occurred_at: now(), page_view_id: view, page_path: path, ...page,
      ...fields, ...own && SECOND});
    if (parting > performance.now()) settle();
    else locks.request(OURS + "visit", () => locks.query?.().then(settle) ?? settle());
    schedule(400);
  };
  // A page that holds a lock when it is left cannot stay in the browser's back/forward cache. So from when it parts, for
  // a second, events get their positions at once and without locks.
  let parting = 0, release;
  const part = () => {
    parting = performance.now() + 1e3;
    settle();
    release?.();
  };
  // locked: the locks that all tabs hold. A tab may read an old value of the storage although another tab has written
  // a new one and released its lock. Locks are visible at once: for a second, the name of one gives the next position.
  const settle = locked => {
    if (!fresh[0]) return;
    const choice = consent(), time = clock();
    let visit = read("visit");
    const denied = choice == "denied";
    // Also after a clock that was ahead. Without consent, nothing may lead to what was known before.
    if (!(Math.abs(time - visit?.at) <= 30 * MINUTE) || denied != (visit.consent == "denied")) {
      visit = {id: uuid(), seq: 0, consent: choice, utm};
      fresh.unshift({event_id: uuid(), event_type: "session_start", occurred_at: fresh[0].occurred_at,
        referrer: outside});
    }
    locked?.held.map(lock => visit.seq = Math.max(visit.seq, lock.name.split(visit.id)[1] || 0));
    // A new campaign replaces all of the one before.
    if (Object.keys(utm)[0]) visit.utm = utm;
    visit.consent = choice;
    const placed = fresh.map(event => {
      event = {schema_version: "1.0", app_id: site || meta("app"),
        anonymous_id: denied ? visit.id : visitor(), session_id: visit.id, seq: visit.seq++, consent: choice,
        user_id: meta("user"), ...device, viewport_w: innerWidth, viewport_h: innerHeight,
        ...visit.utm, ...event, ...denied && {user_id: null, search_term: null, properties: null}};
      // Cut to what the schema allows.
      for (const key in event) {
        if (is(event[key], "string"))
          event[key] = clean(event[key], /path|ref/.test(key) ? 1024 : /title|term|message/.test(key) ? 400 : 128);
        if ((event[key] ?? "") === "") delete event[key];
      }
      return event;
    });
    fresh = [];
    visit.at = time;
    write("visit", visit);
    if (parting < performance.now()) locks.request(visit.id + visit.seq, () => new Promise(free => {
      release?.();
      setTimeout(release = free, 1e3);
    }));
    placed.forEach(event => write("event." + event.event_id, event));
  };

  // Each event waits under its own name, since tabs write at the same time and would overwrite a common list.
  // The names start with the time.
  const queue = () => Object.keys(store).filter(key => key.startsWith(WAITS)).sort().reverse().flatMap((key, newer) => {
    const event = json(store[key]);
    if (newer < KEPT && WAITS + event?.event_id == key && Date.parse(event.occurred_at) > clock() - 2 * DAY)
      return [event];
    delete store[key];
    return [];
  }).reverse();
  const stamped = events => pack(events.map(event => ({...event, sent_at: now()})));
  // Browsers refuse more bytes than this from a page that may be leaving.
  const fits = text => new Blob([text]).size < MINUTE;
  const batch = events => {
    let some = events.slice(0, BATCH);
    while (some[1] && !fits(stamped(some))) some.pop();
    return some;
  };
  const forget = events => events.forEach(event => delete store[WAITS + event.event_id]);
  const schedule = wait => { timer ||= setTimeout(() => { timer = 0; locks.request(OURS + "send", send); }, wait); };
  const send = async () => {
    const sent = batch(queue());
    if (!sent[0]) return;
    flying = stamped(sent);
    try {
      const answer = await fetch(COLLECTOR, {method: "POST", body: flying, keepalive: !failures && fits(flying)});
      // Only the collector itself can say that it has the events, or that it never will: a proxy, a deployment or the
      // portal of a network may answer instead.
      const said = await answer.json();
      if (!(said.accepted >= 0 || /^(not_json|too_)(?!many)/.test(said.error))) throw said;
      failures = 0;
      forget(sent);
    } catch { failures++; }
    write("failures", failures);
    flying = "";
    if (queue()[0]) schedule(failures && Math.min(MINUTE, 500 * 2 ** failures) * (1 + Math.random()));
  };

  // The page is left or hidden: waiting events are sent at once by a beacon. A beacon's answer is invisible, so events
  // are kept as well while the collector has trouble; it recognises an event that arrives twice.
  const leave = () => {
    late?.();
    part();
    ping();
    const left = batch(queue().filter(event => !flying.includes(event.event_id)));
    if (left[0] && nav.sendBeacon(COLLECTOR, stamped(left)) && !failures) forget(left);
  };
  const ping = () => {
    tick();
    const engaged_ms = bound(waiting, PING);
    if (!engaged_ms) return;
    waiting -= engaged_ms;
    record("page_ping", {engaged_ms, scroll_pct: scrolled});
  };
  const tick = () => {
    const time = performance.now();
    // A step of more than two seconds means that the machine was asleep.
    if (!doc.hidden && doc.hasFocus()) waiting += Math.min(time - ticked, 2e3);
    ticked = time;
    scrolled = Math.max(scrolled, bound((scrollY + innerHeight) / doc.documentElement.scrollHeight * 100, 100));
  };
  const begin = again => {
    view = uuid();
    path = here();
    loaded = {page_view_id: view, page_path: path, ...page};
    scrolled = 0;
    // A page out of the browser's cache was not requested again.
    record("page_view", {page_title: doc.title, referrer: outside, ...!again && {request_id: meta("request-id"),
      http_status: +meta("status") || timing.responseStatus || null,
      response_ms: bound(timing.responseEnd - timing.fetchStart, 6e5),
      previous_path: inside && timing.type != "reload" ? from.pathname : null}});
  };
  // An application of one page shows another view, without any request for it. Its title mostly follows a moment later.
  let late;
  const move = () => {
    if (!view || here() == path) return;
    late?.();
    ping();
    const previous_path = path;
    view = uuid();
    path = here();
    page = facts();
    scrolled = 0;
    late = () => { late = null; record("page_view", {page_title: doc.title, previous_path}); };
    setTimeout(() => late?.(), 100);
  };
  for (const name of ["pushState", "replaceState"]) {
    const real = history[name];
    history[name] = function (...how) {
      const result = real.apply(this, how);
      try { move(); } catch {}
      return result;
    };
  }

  // The fields that markup sets: data-footfall-item-id="…" and the like.
  const named = node => {
    const fields = {};
    for (const name of "element item_id item_type list_id variant value_cents currency".split(" ")) {
      const value = node.getAttribute("data-footfall-" + name.replace("_", "-"));
      if (value) fields[name] = name == "value_cents" ? +value : value;
    }
    fields.element ||= node.localName + (node.id ? "#" + node.id : node.classList[0] ? "." + node.classList[0] : "");
    return fields;
  };
  const on = (type, work) => addEventListener(type, work, 1);
  on("click", ({target}) => {
    const node = target.closest?.("a,button"), choice = node?.dataset.footfallConsent;
    if (!node || node.form && node.type == "submit") return;
    if (choice) { write("consent", choice); press(); }
    record("click", named(node));
  });
  const press = () => doc.querySelectorAll("[data-footfall-consent]").forEach(node =>
    node.ariaPressed = node.dataset.footfallConsent == consent());
  on("submit", ({target}) => {
    const type = target.dataset.footfallEvent, pieces = target.elements.quantity;
    if (!type) return;
    // All other types are what the tracker itself sees of a page.
    if (!/^(add_to_cart|custom|form_submit|log(in|out)|purchase|search)$/.test(type))
      return complain("a form cannot send the event " + type);
    const event_name = type == "custom" ? target.getAttribute("data-footfall-event-name") : null;
    record(type, {...named(target), event_name, ...pieces && {quantity: bound(pieces.value, 1e6)}});
  });
  const failed = fault => {
    if (errors++ < 5) record("error", {error_code: "" + (fault?.name || "Error"),
      error_message: "" + (fault?.message || fault)});
  };
  // Not what browsers hide or mean no harm by, and not what a visitor's extension did.
  const noise = /^(Script error\.? ?$|ResizeObserver loop)|-extension:/;
  on("error", event => event.message && !noise.test(`${event.message} ${event.filename || ""}`)
    && failed(event.error || event));
  on("unhandledrejection", event => event.reason && failed(event.reason));
  on("pagehide", leave);
  // The browser decides about its cache when the next page has begun to come. The beacon takes what waits until then.
  globalThis.navigation?.addEventListener?.("navigate", ({destination, downloadRequest}) => {
    if (destination.sameDocument || downloadRequest != null) return;
    part();
    clearTimeout(timer);
    timer = 0;
    schedule(2e3);
  });
  // Last of all listeners: others measure until the page is hidden, and tell it now.
  addEventListener("visibilitychange", () => doc.hidden && leave());
  on("pageshow", event => event.persisted && begin(1));
  on("popstate", move);
  on("hashchange", move);
  on("scroll", tick);

  // That a list was shown counts when it comes into sight. Whatever arrives later announces its list by an event
  // `footfall`, whose detail is like one of the page's events. What was measured of the page's load belongs to the view
  // with which it began, whatever an application of one page shows by now.
  const show = ({event_type, ...fields}) => {
    if (event_type == "web_vitals") fields = {...loaded, ...fields};
    const list = doc.querySelector(`[data-footfall-list="${fields.list_id}"]`);
    if (list) new IntersectionObserver((seen, observer) => {
      if (!seen.pop().isIntersecting) return;
      observer.disconnect();
      record(event_type, fields);
    }).observe(list);
    else record(event_type, fields);
  };
  on("footfall", event => show(event.detail));
  // footfall("signup", {plan: "pro"}) is an event of a type of the site's own. It must not throw, whatever it gets. A
  // page may define a function of that name that keeps in footfall.waiting the calls that come before this script.
  const custom = call => {
    try {
      const [event_name, given] = call;
      record("custom", {event_name, properties: allowed(given)});
    } catch {}
  };
  const allowed = given => {
    const properties = {};
    try {
      // A text has entries, too.
      for (const [name, value] of is(given, "object") ? Object.entries(given) : []) {
        const text = is(value, "string");
        if (name && ![...name][64] && Object.keys(properties).length < 32
          && (text || is(value, "boolean") || is(value, "number") && Math.abs(value) < 2 ** 53))
          properties[clean(name)] = text ? clean(value, 1024) : value;
      }
    } catch {}
    return Object.keys(properties)[0] ? properties : null;
  };
  let calls = [];
  try {
    calls = calls.concat(globalThis.footfall?.waiting ?? []);
    globalThis.footfall = (...call) => { view ? custom(call) : calls[99] || calls.push(call); };
  } catch {}
  const start = () => {
    begin();
    press();
    setInterval(() => { tick(); if (waiting >= PING) ping(); }, 500);
    // The events of the page; an order counts once.
    const known = read("order") || 1;
    for (const event of json(meta("events")) || []) {
      const order = event.order_id;
      if (order == known) continue;
      if (order) write("order", order);
      show(event);
    }
    calls.forEach(custom);
  };
  // A browser may prepare a page that its visitor never looks at.
  if (doc.prerendering) doc.addEventListener("prerenderingchange", start, {once: true});
  else start();
})();
