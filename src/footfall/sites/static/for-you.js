// Asks this page's own site for the list "for you", once the page has loaded, and tells the tracker that it is there.
"use strict";
addEventListener("load", async () => {
  const block = document.querySelector("[data-footfall-for-you]");
  const read = text => { try { return JSON.parse(text); } catch { return null; } };
  const stored = key => { try { return read(localStorage["footfall." + key]); } catch { return null; } };
  const page = read(document.querySelector("meta[name=footfall-page]")?.content) || {};
  // The tracker gives a new browser its id under this lock, so afterwards there is one.
  await navigator.locks?.request("footfall.visit", () => {});
  const denied = navigator.globalPrivacyControl || navigator.doNotTrack == "1" || stored("consent") == "denied";
  const asked = {page_section: page.page_section, item_type: page.item_type, item_id: page.item_id};
  if (!denied) asked.anonymous_id = stored("visitor")?.id;
  try {
    const answer = await fetch(block.dataset.footfallForYou, {
      method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(asked),
    });
    if (!answer.ok) throw answer;
    // The site's own markup; scripts in it would not run.
    block.innerHTML = await answer.text();
    const {footfallList: list_id, footfallVariant: variant} = block.querySelector("[data-footfall-list]").dataset;
    const detail = {event_type: "impression", element: "list-" + list_id, list_id, variant};
    dispatchEvent(new CustomEvent("footfall", {detail}));
  } catch {
    block.hidden = true;
  }
});
