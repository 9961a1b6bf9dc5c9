// The charts of one run: drawn when they come into sight, and kept up while the run goes on and the tab is looked at.
import { BLUE, axisTitle, draw, nothing, traces, wireControls } from "./charts.js";

const SOONEST = 2_000;
const LATEST = 30_000;
const AT_ONCE = 12;

const board = document.getElementById("charts");
if (board && window.Plotly) {
  const start = Number(board.dataset.start);
  const known = new Map();
  const seen = new Set();
  const live = document.getElementById("live");
  let running = "running" in board.dataset;
  let wait = SOONEST;
  let timer = 0;
  const figures = new Map([...board.querySelectorAll("[data-key]")].map((figure) => [figure.dataset.key, figure]));

  const settings = wireControls(document.getElementById("controls"), () => { for (const key of known.keys()) show(key); });

  const show = (key) => {
    const place = figures.get(key).querySelector(".plot");
    const series = known.get(key);
    if (!series.values.some((value) => value !== null)) return nothing(place, "No finite values yet.");
    if (place.firstElementChild?.className === "nothing") place.replaceChildren();
    const chosen = settings();
    return draw(place, traces(series, "", chosen, start, BLUE), {
      xaxis: { title: { text: axisTitle(chosen.x) } },
      yaxis: { type: chosen.log ? "log" : "linear" },
    });
  };

  const load = async (keys) => {
    let changed = false;
    for (let at = 0; at < keys.length; at += AT_ONCE) {
      const some = keys.slice(at, at + AT_ONCE);
      const query = new URLSearchParams(some.map((key) => ["key", key]));
      const answer = await fetch(`${board.dataset.points}?${query}`, { headers: { accept: "application/json" } });
      if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
      const found = await answer.json();
      running = found.running;
      if (found.metrics !== Number(board.dataset.metrics)) {
        live.textContent = "This run logs further metrics by now: load the page again to see them.";
      }
      for (const key of some) {
        const before = known.get(key);
        const series = found.series[key];
        if (before && before.steps.length === series.steps.length && before.times.at(-1) === series.times.at(-1)) continue;
        changed = true;
        known.set(key, series);
        const latest = figures.get(key).querySelector("[data-latest]");
        if (before && key in found.latest) latest.textContent = found.latest[key];
        show(key);
      }
    }
    return changed;
  };

  const follow = () => {
    clearTimeout(timer);
    if (!running) {
      if (live.textContent) live.textContent = "This run has ended.";
      return;
    }
    if (document.visibilityState === "visible") timer = setTimeout(poll, wait);
  };

  const poll = async () => {
    try {
      wait = (await load([...seen])) ? SOONEST : Math.min(LATEST, wait * 1.5);
    } catch {
      wait = LATEST;
    }
    follow();
  };

  const watcher = new IntersectionObserver((entries) => {
    const fresh = entries.filter((entry) => entry.isIntersecting).map((entry) => entry.target);
    for (const figure of fresh) {
      watcher.unobserve(figure);
      seen.add(figure.dataset.key);
    }
    const keys = fresh.map((figure) => figure.dataset.key);
    if (keys.length) {
      load(keys).catch((error) => { for (const key of keys) if (!known.has(key)) nothing(figures.get(key).querySelector(".plot"), `Not loaded: ${error.message}.`); });
    }
  }, { rootMargin: "300px" });
  for (const figure of figures.values()) watcher.observe(figure);

  document.addEventListener("visibilitychange", () => {
    wait = SOONEST;
    follow();
  });
  follow();
}
