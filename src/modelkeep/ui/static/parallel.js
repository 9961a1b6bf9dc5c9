// Parallel coordinates as an SVG of our own: plotly.js makes code from text for its, which the policy forbids.
const NS = "http://www.w3.org/2000/svg";
const WIDTH = 1000;
const HEIGHT = 380;
const TOP = 40;
const BOTTOM = 28;
const SIDE = 70;

function make(name, attributes, text) {
  const made = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

const short = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
const written = (value) => (typeof value === "number" ? String(Number(value.toPrecision(4))) : short(String(value), 14));

// From a value of an axis to its height: numbers by size, texts in their order.
function scale(values) {
  const present = values.filter((value) => value !== null);
  const height = HEIGHT - TOP - BOTTOM;
  if (present.every((value) => typeof value === "number")) {
    const [least, most] = [Math.min(...present), Math.max(...present)];
    const at = (value) => TOP + height * (most === least ? 0.5 : (most - value) / (most - least));
    return { at, ends: present.length ? [[most, TOP], [least, TOP + height]] : [] };
  }
  const known = [...new Set(present.map(String))].sort();
  const at = (value) => TOP + height * (known.length === 1 ? 0.5 : known.indexOf(String(value)) / (known.length - 1));
  return { at, ends: known.length < 9 ? known.map((value) => [value, at(value)]) : [[known[0], TOP], [known.at(-1), TOP + height]] };
}

export function drawParallel(place, data) {
  const axes = data.axes.filter(Boolean);
  const picture = make("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "parallel", role: "group", "aria-label": "Parallel coordinates" });
  const x = (number) => SIDE + ((WIDTH - 2 * SIDE) * number) / Math.max(1, axes.length - 1);
  const scales = axes.map((axis) => scale(axis.values));
  data.names.forEach((name, run) => {
    const steps = axes.map((axis, number) => (axis.values[run] === null ? null : [x(number), scales[number].at(axis.values[run])]));
    let line = "";
    steps.forEach((step, number) => { if (step) line += `${number > 0 && steps[number - 1] ? "L" : "M"}${step[0]} ${step[1]}`; });
    const link = make("a", { href: data.pages[run] });
    const path = make("path", { d: line || "M0 0", stroke: data.colours[run] });
    path.append(make("title", {}, `${name}\n${axes.map((axis) => `${axis.name}: ${axis.values[run] ?? "–"}`).join("\n")}`));
    link.append(path);
    link.setAttribute("aria-label", name);
    picture.append(link);
  });
  axes.forEach((axis, number) => {
    picture.append(make("line", { class: "axis", x1: x(number), x2: x(number), y1: TOP, y2: HEIGHT - BOTTOM }));
    // Those of the first and the last axis go inwards: a long one would leave the picture.
    const anchor = number === 0 ? "start" : number === axes.length - 1 ? "end" : "middle";
    const title = make("text", { x: x(number), y: 16, "text-anchor": anchor }, short(axis.name, Math.max(8, Math.floor(110 / axes.length))));
    title.append(make("title", {}, axis.name));
    picture.append(title);
    for (const [value, height] of scales[number].ends) {
      picture.append(make("text", { class: "ends", x: x(number) + 6, y: height + 4 }, written(value)));
    }
  });
  place.replaceChildren(picture);
}
