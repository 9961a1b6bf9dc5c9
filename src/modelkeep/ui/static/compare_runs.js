// The charts of several runs. What they are of was chosen by the address and stands in the page as JSON.
import { axisTitle, draw, nothing, plain, traces, wireControls } from "./charts.js";
import { drawParallel } from "./parallel.js";

const data = JSON.parse(document.getElementById("compared-data").textContent);
const chart = (name) => document.querySelector(`[data-chart="${name}"] .plot`);
const names = data.names.map((name) => plain(name));

function curves() {
  const figures = [...document.querySelectorAll("[data-curve]")];
  const known = new Map();
  const show = (figure) => {
    const place = figure.querySelector(".plot");
    const chosen = settings();
    const lines = known.get(figure).flatMap((series, run) =>
      series.steps.length ? traces(series, names[run], chosen, data.starts[run], data.colours[run]) : []);
    if (!lines.length) return nothing(place, "None of these runs has points of it.");
    return draw(place, lines, { xaxis: { title: { text: axisTitle(chosen.x) } }, yaxis: { type: chosen.log ? "log" : "linear" } });
  };
  const settings = wireControls(document.getElementById("controls"), () => { for (const figure of known.keys()) show(figure); });
  for (const figure of figures) {
    const query = new URLSearchParams([["key", figure.dataset.curve], ...data.runs.map((run) => ["run", run])]);
    fetch(`${data.points}?${query}`, { headers: { accept: "application/json" } })
      .then((answer) => { if (!answer.ok) throw new Error(`the server answered ${answer.status}`); return answer.json(); })
      .then((found) => { known.set(figure, found.series); return show(figure); })
      .catch((error) => nothing(figure.querySelector(".plot"), `Not loaded: ${error.message}.`));
  }
}

// Characters that fit beside the smallest chart.
const LONGEST_TITLE = 40;
const axis = (one) => ({ title: { text: plain(one.name, LONGEST_TITLE) }, ...(one.values.some((value) => typeof value === "string") ? { type: "category" } : {}) });
const texts = (one) => one.values.map((value) => (typeof value === "string" ? plain(value, 30) : value));

function scatter(place) {
  const { x, y } = data;
  if (!x || !y) return nothing(place, "These runs have nothing to put on both axes.");
  const points = { type: "scatter", mode: "markers", x: texts(x), y: texts(y), text: names, marker: { color: data.colours, size: 11 }, hovertemplate: "%{text}<br>%{x}, %{y}<extra></extra>" };
  return draw(place, [points], { xaxis: axis(x), yaxis: axis(y) });
}

function contour(place) {
  const { x, y, z } = data;
  const whole = x && y && z ? data.runs.map((_, run) => run).filter((run) => [x, y, z].every((one) => typeof one.values[run] === "number")) : [];
  const distinct = (one) => new Set(whole.map((run) => one.values[run])).size;
  if (whole.length < 3 || distinct(x) < 2 || distinct(y) < 2) return nothing(place, "A contour needs at least three runs with numbers on its axes that differ.");
  const of = (one) => whole.map((run) => one.values[run]);
  const points = { type: "scatter", mode: "markers", x: of(x), y: of(y), text: whole.map((run) => names[run]), marker: { color: whole.map((run) => data.colours[run]), size: 10, line: { color: "#fff", width: 1 } }, hovertemplate: "%{text}<br>%{x}, %{y}<extra></extra>" };
  const surface = { type: "contour", x: of(x), y: of(y), z: of(z), connectgaps: true, line: { smoothing: 0.85 }, colorscale: "Viridis", showscale: false, contours: { showlabels: true }, hoverinfo: "z" };
  return draw(place, [surface, points], { xaxis: axis(x), yaxis: axis(y) });
}

function box(place) {
  const { by, y } = data;
  if (!by || !y || y.values.every((value) => typeof value !== "number")) return nothing(place, "Boxes need a param and a metric with numbers.");
  const groups = new Map();
  by.values.forEach((value, run) => {
    const group = value === null ? "–" : String(value);
    groups.set(group, [...(groups.get(group) ?? []), run]);
  });
  const boxes = [...groups].map(([group, runs], number) => ({
    type: "box", name: plain(group, 30), y: runs.map((run) => y.values[run]), text: runs.map((run) => names[run]), boxpoints: "all", jitter: 0.3, pointpos: 0,
    marker: { color: data.colours[number % data.colours.length], size: 7 }, hoverinfo: "y+text",
  }));
  return draw(place, boxes, { xaxis: { title: { text: plain(by.name, LONGEST_TITLE) }, type: "category" }, yaxis: axis(y) });
}

if (chart("parallel")) {
  if (data.axes.length > 1) drawParallel(chart("parallel"), data);
  else nothing(chart("parallel"), "These runs have fewer than two params or metrics.");
}
if (window.Plotly) {
  if (document.getElementById("controls")) curves();
  for (const [name, show] of Object.entries({ scatter, contour, box })) if (chart(name)) show(chart(name));
}
