// How charts look, in both colour schemes, and how they are drawn.
export const BLUE = "#2f6fed";
const drawn = new Map();

function token(name) {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  probe.hidden = true;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

// Exponents stand on the line: as superscripts plotly.js would write style attributes, which the policy forbids.
function look() {
  const text = token("--muted");
  const line = token("--line");
  const axis = { gridcolor: line, zerolinecolor: line, linecolor: line, automargin: true, exponentformat: "e", title: { font: { size: 12 } } };
  return {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: getComputedStyle(document.body).fontFamily, size: 11, color: text },
    margin: { l: 48, r: 16, t: 12, b: 44 },
    xaxis: axis,
    yaxis: axis,
    hoverlabel: { bgcolor: token("--surface"), bordercolor: token("--line-strong"), font: { color: token("--text") } },
    showlegend: false,
    hovermode: "closest",
  };
}

// Plotly takes texts for a little HTML of its own: what people wrote is shown as it is.
export function plain(text, most = 60) {
  const cut = text.length > most ? `${text.slice(0, most - 1)}…` : text;
  return cut.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

// A curve that does not move: plotly.js would label its axis in digits that nobody measured.
function room(traces, axis) {
  if (axis.type === "log" || axis.range) return {};
  const values = traces.flatMap((trace) => (trace.type === "scatter" ? trace.y.filter(Number.isFinite) : []));
  if (!values.length) return {};
  const least = values.reduce((a, b) => Math.min(a, b));
  const most = values.reduce((a, b) => Math.max(a, b));
  if (most - least > Math.abs(most) * 1e-9) return {};
  const half = Math.abs(most) / 2 || 1;
  return { range: [least - half, most + half], tickformat: "~g" };
}

// Draw traces, or draw them anew where they are drawn already. `extra` is laid over the usual look, axis by axis.
export function draw(place, traces, extra = {}) {
  const usual = look();
  const layout = { ...usual, ...extra, uirevision: "kept" };
  for (const axis of ["xaxis", "yaxis"]) layout[axis] = { ...usual[axis], ...(extra[axis] ?? {}) };
  Object.assign(layout.yaxis, room(traces, layout.yaxis));
  drawn.set(place, [traces, extra]);
  return window.Plotly.react(place, traces, layout, { displayModeBar: false, responsive: true, showTips: false });
}

export function nothing(place, text) {
  drawn.delete(place);
  const line = document.createElement("p");
  line.className = "nothing";
  line.textContent = text;
  place.replaceChildren(line);
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const [place, [traces, extra]] of drawn) draw(place, traces, extra);
});

// An exponential average that does not lean to where it begins. Gaps stay gaps.
export function smoothed(values, weight) {
  if (!weight) return values;
  let last = 0;
  let count = 0;
  return values.map((value) => {
    if (value === null) return null;
    last = last * weight + (1 - weight) * value;
    count += 1;
    return last / (1 - weight ** count);
  });
}

// The points of one series along the axis that is asked for.
export function along(series, axis, start) {
  if (axis === "wall") return series.times.map((time) => new Date(time));
  if (axis === "relative") return series.times.map((time) => (time - start) / 1000);
  return series.steps;
}

export const axisTitle = (axis) => ({ wall: "", relative: "Seconds since start", step: "Step" })[axis];

// The traces of one series: smoothed in front, as it was measured behind.
export function traces(series, name, settings, start, paint) {
  const x = along(series, settings.x, start);
  const one = x.length === 1;
  const line = (y, opacity, shown) => ({
    type: "scatter", mode: one ? "markers" : "lines", x, y, name, opacity,
    line: { color: paint, width: 1.75 }, marker: { color: paint, size: 8 }, hoverinfo: shown ? undefined : "skip",
  });
  if (!settings.smooth || one) return [line(series.values, 1, true)];
  return [line(series.values, 0.25, false), line(smoothed(series.values, settings.smooth), 1, true)];
}

// Controls of axis, smoothing and scale. What is chosen stands in the address.
export function wireControls(form, changed) {
  const query = new URLSearchParams(location.search);
  const axis = form.querySelector("[name=x]");
  const smooth = form.querySelector("[name=smooth]");
  const log = form.querySelector("[name=log]");
  if (query.get("x")) axis.value = query.get("x");
  if (!axis.value) axis.value = "step";
  smooth.value = query.get("smooth") ?? 0;
  log.checked = query.get("log") === "1";
  const settings = () => ({ x: axis.value, smooth: Number(smooth.value), log: log.checked });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    const now = new URLSearchParams(location.search);
    const chosen = settings();
    for (const [name, value] of [["x", chosen.x === "step" ? "" : chosen.x], ["smooth", chosen.smooth || ""], ["log", chosen.log ? "1" : ""]]) {
      if (value) now.set(name, value); else now.delete(name);
    }
    history.replaceState(null, "", `${location.pathname}${now.size ? `?${now}` : ""}`);
    changed();
  });
  form.hidden = false;
  return settings;
}
