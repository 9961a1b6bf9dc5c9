// The table of runs: how many are ticked, and keys that can be columns while somebody types.
const selection = document.querySelector(".selection");
if (selection) {
  const form = selection.closest("form");
  const count = selection.querySelector("[data-count]");
  const buttons = selection.querySelectorAll("button");
  const before = count.textContent;
  const show = () => {
    const ticked = form.querySelectorAll("input[name=run]:checked").length;
    count.textContent = ticked === 0 ? before : ticked === 1 ? "1 run ticked" : `${ticked} runs ticked`;
    for (const button of buttons) button.disabled = ticked === 0;
  };
  form.addEventListener("change", show);
  window.addEventListener("pageshow", show);
  show();
}

const chooser = document.querySelector(".chooser");
if (chooser) {
  const input = chooser.querySelector("input[name=keys]");
  const offered = chooser.querySelector(".offered");
  let asked = 0;
  let waiting = 0;

  const offer = async () => {
    const mine = ++asked;
    const address = `${chooser.dataset.keys}?${new URLSearchParams({ contains: input.value })}`;
    const answer = await fetch(address, { headers: { accept: "application/json" } });
    if (!answer.ok || mine !== asked) return;
    const found = await answer.json();
    const ticked = new Set([...chooser.querySelectorAll("input[name=column]:checked")].map((box) => box.value));
    const kept = [...offered.querySelectorAll("input:checked")].map((box) => box.closest("label"));
    offered.replaceChildren();
    if (kept.length) offered.append(group("Ticked", kept));
    for (const [kind, keys] of Object.entries(found)) {
      const labels = keys.filter((key) => !ticked.has(`${kind}.${key}`)).map((key) => label(kind, key));
      if (labels.length) offered.append(group(kind[0].toUpperCase() + kind.slice(1), labels));
    }
  };

  const group = (title, labels) => {
    const set = document.createElement("fieldset");
    const legend = document.createElement("legend");
    const ticks = document.createElement("div");
    legend.textContent = title;
    ticks.className = "ticks";
    ticks.append(...labels);
    set.append(legend, ticks);
    return set;
  };

  const label = (kind, key) => {
    const made = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.name = "column";
    box.value = `${kind}.${key}`;
    made.append(box, ` ${key}`);
    return made;
  };

  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => offer().catch(() => {}), 150);
  };
  input.addEventListener("input", soon);
  chooser.addEventListener("toggle", () => { if (chooser.open && !offered.childElementCount) soon(); });
  // The text that was typed to find keys is no part of the table's address.
  chooser.querySelector("form").addEventListener("submit", () => { input.disabled = true; });
  window.addEventListener("pageshow", () => { input.disabled = false; });
}
